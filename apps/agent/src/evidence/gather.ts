import type { ContainerEngine } from '@palisade/engine/engine';
import type { Recorder } from '@palisade/behaviour/recorder/recorder';
import type { Evidence } from '@palisade/model/evidence';
import { evidenceLimits } from '@palisade/model/evidence';
import { deterministicId } from '@palisade/model/id';
import { messageOf } from '@palisade/model/error';
import type { Reporter } from '../report.ts';
import type { Collecting } from '../response/act.ts';
import { collectFiles, sha256Of } from './collect.ts';

export type GatherOptions = {
  readonly node: string;
  readonly procRoot: string;
  readonly engine: ContainerEngine;
  /** The recorder of the running monitor and its clock's present, ns since boot; undefined while none runs. */
  recorder(): { readonly recorder: Recorder; readonly time: number } | undefined;
  put: Reporter['put'];
  now(): number;
};

/** How far back the recorder is read for evidence, in seconds: everything it holds. */
const everything = 24 * 3600;

/** Gathers evidence and puts it into the spool, pieces first; answers its id. What can't be had is said in it. */
export function createGatherer(options: GatherOptions): (what: Collecting, read?: () => void) => Promise<string> {
  return async (what, read) => {
    const at = new Date(options.now()).toISOString();
    const id = deterministicId('evd', options.node, what.detection ?? '', what.container ?? 'host', String(what.process?.pid ?? 0), at);
    const { match } = what;
    const recording = options.recorder();
    const events = recording?.recorder.around(what.container === undefined ? 'host' : what.container.slice(0, 12), recording.time, everything, 0);
    // Before anything is awaited: the process may be gone a moment later.
    const { files, missing } = collectFiles({
      procRoot: options.procRoot, process: what.process, container: what.container,
      known: {
        'detection.json': match === undefined ? undefined : { rule: match.rule, ruleId: match.ruleId, priority: match.priority, output: match.output, fields: match.fields, tree: match.tree() },
        'recorder.json': events === undefined ? undefined : { ...events, events: events.events.map((event) => ({ ...event, offset: (event.time - (recording?.time ?? 0)) / 1e9 })) },
      },
    });
    read?.();
    const faults = [...missing, ...(recording === undefined ? [{ name: 'recorder.json', reason: 'no sensor runs on this node' }] : [])];
    const all = [...files];
    if (what.container !== undefined) {
      try {
        const container = await options.engine.container(what.container);
        if (container === undefined) faults.push({ name: 'container.json', reason: 'the engine no longer knows it' });
        else all.push({ name: 'container.json', bytes: Buffer.from(`${JSON.stringify(container, null, 1)}\n`), cut: false });
      } catch (error) {
        faults.push({ name: 'container.json', reason: messageOf(error).slice(0, 500) });
      }
    }
    for (const file of all) {
      for (let n = 0, from = 0; from < file.bytes.length; n += 1, from += evidenceLimits.part) options.put('evidence-part', id, { evidence: id, file: file.name, n, data: file.bytes.subarray(from, from + evidenceLimits.part).toString('base64') });
    }
    const evidence: Evidence = {
      id, at, reason: what.reason.slice(0, 500), ...(what.detection === undefined ? {} : { detection: what.detection }), ...(what.container === undefined ? {} : { container: what.container }),
      ...(match?.containerName === undefined ? {} : { containerName: match.containerName }), ...(match?.image === undefined ? {} : { image: match.image }), ...(what.process === undefined ? {} : { process: what.process }),
      files: all.map(({ name, bytes, cut }) => ({ name, sha256: sha256Of(bytes), size: bytes.length, cut })), missing: faults,
    };
    options.put('evidence', id, evidence);
    return id;
  };
}
