import { describe, expect, it } from 'vitest';
import type { Detection } from '@palisade/model/detection';
import { createDetections, stormBudget, windowMs } from '../src/runtime/detections.ts';
import type { Match } from '../src/runtime/detections.ts';

function setUp() {
  const world = { time: windowMs * 1000 };
  const told: Detection[] = [];
  const detections = createDetections('n', (one) => void told.push(one), () => world.time);
  const match = (key: string, rule = 'r', container = 'c'): Match => ({
    at: world.time, place: {}, key, rule, container, priority: 'Warning', tags: [], title: { en: rule, 'zh-CN': rule }, output: '', fields: {}, action: 'alerted', tree: () => [],
    around: () => ({ secondsBefore: 1, secondsAfter: 5, dropped: false, left: 0, events: [] }),
  });
  const total = (): number => told.reduce((sum, one) => sum + one.count, 0);
  return { world, told, detections, match, total };
}

describe('detections', () => {
  it('tells the same thing once, then its count and what came after', () => {
    const { world, told, detections, match, total } = setUp();
    for (let n = 0; n < 1000; n += 1) detections.add(match('a'));
    expect(told.map((one) => one.count)).toEqual([1]);
    world.time += 5000;
    detections.tick();
    expect(told).toMatchObject([{ count: 1 }, { count: 999, around: { secondsAfter: 5 } }]);
    expect(new Set(told.map((one) => `${one.id} ${one.at}`)).size).toBe(1);
    detections.add(match('a'));
    world.time += 9999;
    detections.tick();
    expect(told).toHaveLength(2);
    world.time += 1;
    detections.tick();
    expect([told.length, total(), told.at(-1)?.around]).toEqual([3, 1001, undefined]);
  });
  it('is another detection in another window, container, rule or key', () => {
    const { world, told, detections, match } = setUp();
    for (const one of [match('a'), match('b'), match('a', 'other'), match('a', 'r', 'd')]) detections.add(one);
    world.time += windowMs;
    detections.add(match('a'));
    expect(new Set(told.map((one) => one.id)).size).toBe(5);
  });
  it('folds a storm into one detection and loses no count; another container keeps its own budget', () => {
    const { told, detections, match, total } = setUp();
    for (let n = 0; n < 500; n += 1) detections.add(match(`key ${n}`));
    detections.add(match('x', 'r', 'quiet'));
    expect(told).toHaveLength(stormBudget + 2);
    expect(told.filter((one) => one.folded)).toHaveLength(1);
    expect(told.at(-1)).toMatchObject({ container: 'quiet', folded: false });
    detections.flush();
    expect(total()).toBe(501);
  });
  it('has the same ids after a restart', () => {
    const [a, b] = [setUp(), setUp()];
    for (const one of [a, b]) one.detections.add(one.match('a'));
    expect(a.told[0]?.id).toBe(b.told[0]?.id);
  });
});
