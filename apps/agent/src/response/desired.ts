import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import { DesiredPolicy } from '@palisade/model/response';

export type Desired = {
  /** What the console last said, also before this start; undefined when it never did. */
  readonly current: DesiredPolicy | undefined;
  /** The console's revision as its stream tells it: another than ours is fetched. */
  heard(revision: string): void;
};

export type DesiredOptions = { readonly folder: string; fetch(): Promise<string>; changed(policy: DesiredPolicy): void; failed(reason: string): void };

/** Follows what the console wants of this node, and keeps it on disk: a node without its console goes on as it was told. */
export function followDesired(options: DesiredOptions): Desired {
  const file = path.join(options.folder, 'policy.json');
  let current = recall(file, options.failed);
  let fetching = false;

  async function refresh(): Promise<void> {
    if (fetching) return;
    fetching = true;
    try {
      const next = DesiredPolicy.parse(JSON.parse(await options.fetch()));
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.fresh`, JSON.stringify(next), { mode: 0o600 });
      renameSync(`${file}.fresh`, file);
      current = next;
      options.changed(next);
    } catch (error) {
      options.failed(messageOf(error)); // the stream tells the revision again, and it is tried again
    } finally {
      fetching = false;
    }
  }
  return {
    get current() {
      return current;
    },
    heard(revision) {
      if (revision !== current?.revision) void refresh();
    },
  };
}

function recall(file: string, failed: (reason: string) => void): DesiredPolicy | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // never told
  }
  try {
    return DesiredPolicy.parse(JSON.parse(text));
  } catch (error) {
    failed(`${file} is damaged, the console is asked anew: ${messageOf(error)}`);
    return undefined;
  }
}
