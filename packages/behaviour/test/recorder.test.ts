import { expect, test } from 'vitest';
import { createSlots } from '../src/container/slots.ts';
import { kinds, tags } from '../src/decode.gen.ts';
import { createRecorder } from '../src/recorder/recorder.ts';
import { makeRecord } from './make-record.ts';

const slots = createSlots(() => undefined);
const quiet = slots.of(10, 0, () => 'aaaaaaaaaaaa');
const loud = slots.of(11, 0, () => 'bbbbbbbbbbbb');
const second = 1e9;
const write = (time: number) => makeRecord('openat', time, { pid: 7, comm: 'app', result: 3, args: [0, 0, 0x241] }, [[tags.arg + 1, '/tmp/x'], [tags.returnFile, '/tmp/x']]);

test('keeps the base set of a container and leaves the rest', () => {
  const recorder = createRecorder();
  recorder.add(makeRecord(kinds.exec, second, { pid: 7, comm: 'sh' }, [[tags.exe, '/bin/sh'], [tags.argv, 'sh\0-c\0id\0']]), quiet);
  recorder.add(write(2 * second), quiet);
  recorder.add(makeRecord('openat', 2 * second, { pid: 7, result: 3, args: [0, 0, 0] }), quiet);
  recorder.add(makeRecord('mkdir', 2 * second, { pid: 7 }), quiet);
  recorder.add(write(9 * second), quiet);
  const recording = recorder.around(quiet.id, 3 * second, 10, 1);
  expect(recording.events.map((event) => [event.type, event.path])).toEqual([['exec', '/bin/sh'], ['openat', '/tmp/x']]);
  expect(recording.events[0]?.arguments).toEqual(['sh', '-c', 'id']);
  expect(recording).toMatchObject({ secondsBefore: 2, secondsAfter: 0, dropped: false });
});

test('a loud container shortens its own past, stays within the budget and says so', () => {
  const budget = 512 * 1024;
  const recorder = createRecorder(budget);
  recorder.add(write(second), quiet);
  for (let index = 0; index < 20_000; index += 1) recorder.add(write(second + index * 1e6), loud);
  expect(recorder.bytes).toBeLessThanOrEqual(budget);
  expect(recorder.around(quiet.id, 2 * second, 10, 10).events).toHaveLength(1);
  const recording = recorder.around(loud.id, 21 * second, 30, 0);
  expect(recording.dropped).toBe(true);
  expect(recording.secondsBefore).toBeLessThan(3);
  expect(recording.secondsBefore).toBeCloseTo((21 * second - (recording.events[0]?.time ?? 0)) / second, 3);
});

test('space of a container that is gone is used again', () => {
  const recorder = createRecorder(128 * 1024);
  for (let index = 0; index < 2000; index += 1) recorder.add(write(index * 1e6), loud);
  recorder.forget(loud.id);
  recorder.add(write(5 * second), quiet);
  expect(recorder.around(loud.id, 0, 10, 10).events).toEqual([]);
  expect(recorder.bytes).toBeLessThanOrEqual(128 * 1024);
});
