import { createHash } from 'node:crypto';
import { deterministicId } from '@palisade/model/id';
import type { Gap } from '@palisade/model/gap';
import type { ItemKind } from '@palisade/model/wire';
import type { Spool } from './spool/spool.ts';

export type Reporter = {
  /** Puts an item into the spool; the same body twice in a row under one subject is sent once. */
  put(kind: ItemKind, subject: string, body: unknown): void;
  /** All present gaps of one source. */
  gaps(source: string, gaps: readonly Gap[]): void;
  /** Everything is sent once more when it is put next, changed or not. */
  forget(): void;
};

/** What a person waits for: sent at once, not with the next round. */
const urgent: ReadonlySet<ItemKind> = new Set(['detection', 'response', 'command-result', 'policy-applied']);

/** Writes items with deterministic ids: node, kind, subject, time and content. `ring` is called after an urgent one. */
export function createReporter(spool: Spool, node: string, now: () => Date, ring: () => void = () => undefined): Reporter {
  const last = new Map<string, string>();
  const put: Reporter['put'] = (kind, subject, body) => {
    const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const key = `${kind}\n${subject}`;
    if (last.get(key) === digest) return;
    last.set(key, digest);
    if (kind === 'container-removed') last.delete(`container\n${subject}`);
    const at = now().toISOString();
    spool.append({ id: deterministicId('itm', node, kind, subject, at, digest), kind, at, body });
    if (urgent.has(kind)) ring();
  };
  return { put, gaps: (source, gaps) => put('gaps', source, { source, gaps }), forget: () => last.clear() };
}
