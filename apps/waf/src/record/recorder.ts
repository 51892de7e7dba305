import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '@palisade/model/error';
import type { WafRecording } from '@palisade/model/waf-recording';
import type { Named } from '@palisade/waf/engine/transaction';
import { maskRequest } from './mask-request.ts';

/** A body is recorded up to this length. */
const maxBody = 256 << 10;

export type Seen = { readonly id: string; readonly site: string; readonly client: string; readonly method: string; readonly target: string; readonly minor: 0 | 1; readonly headers: readonly Named[]; /** As it was inspected. */ readonly body: string; readonly status: number };
export type Recorder = { take(request: Seen): void; close(): void };

const base64 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');

export function recordingOf({ id, site, client, method, target, minor, headers, body, status }: Seen, time: Date): WafRecording {
  const kept = maskRequest(target, headers, body.length > maxBody ? '' : body);
  return {
    schema: 'palisade.waf-request/1', time: time.toISOString(), id, site, client, method, target: base64(kept.target), version: minor === 1 ? '1.1' : '1.0',
    headers: kept.headers.map(({ name, value }) => [name, base64(value)]), body: base64(kept.body ?? ''), bodyCut: body.length > maxBody || kept.body === undefined, status, masked: [...kept.masked],
  };
}

/**
 * Writes requests to a file that only its owner reads, one JSON object a line, until the file has reached a size (bytes).
 * Several processes may write to one file. Throws when it can't be opened; `full` is told once.
 */
export function recordTo(file: string, most: number, full: (reason: string) => void): Recorder {
  const descriptor = openSync(file, 'a', 0o600);
  let stopped = false;
  const stop = (reason: string): void => {
    stopped = true;
    full(reason);
  };
  return {
    take(request) {
      if (stopped) return;
      try {
        const line = `${JSON.stringify(recordingOf(request, new Date()))}\n`;
        if (fstatSync(descriptor).size + Buffer.byteLength(line) > most) stop(`${file} has reached its limit of ${most} bytes; nothing more is recorded`);
        else writeSync(descriptor, line);
      } catch (error) {
        stop(`${file}: ${messageOf(error)}; nothing more is recorded`);
      }
    },
    close: () => closeSync(descriptor),
  };
}
