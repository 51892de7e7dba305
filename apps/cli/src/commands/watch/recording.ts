import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '@palisade/model/error';
import type { Event } from '@palisade/syscall-rules/event';
import type { FieldContext } from '@palisade/syscall-rules/fields/field';
import { createTraceWriter } from '@palisade/syscall-rules/trace/write';
import { UsageError } from '../../command.ts';

/** Text held before it is written. */
const chunk = 256 * 1024;

/** A trace of what containers do, into a file readable by its owner alone: it holds command lines. Throws UsageError when the file can't be made. */
export function openRecording(file: string): { event(event: Event, context: FieldContext): void; close(): void } {
  let fd: number;
  try {
    fd = openSync(file, 'w', 0o600);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${messageOf(error)}`);
  }
  let held = '';
  const flush = (): void => {
    if (held !== '') writeSync(fd, held);
    held = '';
  };
  let writer: ReturnType<typeof createTraceWriter> | undefined;
  return {
    event(event, context) {
      if (event.process.container.id === 'host') return;
      writer ??= createTraceWriter(context.source, (line) => {
        held += line;
        if (held.length > chunk) flush();
      }, context.names);
      writer.event(event);
    },
    close() {
      flush();
      closeSync(fd);
    },
  };
}
