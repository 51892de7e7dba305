import { chmodSync, cpSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FrontSetup } from '@palisade/app-agent/waf/guard-containers';
import type { Io } from '../../command.ts';
import { sensorPlace } from '../watch/sensor.ts';
import { kept, rulesHome } from './rules/store.ts';
import { shippedPatches } from './shipped-patches.ts';
import { frontCommand, workerUser } from './worker-flags.ts';

/** How this node's agent stands in front of containers: this installation's warden and workers, the rule set installed last. */
export function frontSetup(io: Io, user: number = workerUser): FrontSetup {
  let patches = shippedPatches();
  return {
    program: sensorPlace() ?? 'sensor/build/warden', user, env: io.env,
    command: (settings) => frontCommand(io, settings),
    patches: () => patches,
    rules(into) {
      const home = rulesHome(io);
      const whole = kept(home).filter(({ damaged, manifest }) => damaged === undefined && manifest !== undefined);
      const newest = whole.sort((a, b) => statSync(path.join(home, b.id)).mtimeMs - statSync(path.join(home, a.id)).mtimeMs)[0];
      if (newest?.manifest === undefined) return undefined;
      // State folders are closed to other users; workers are one.
      cpSync(path.join(home, newest.id), into, { recursive: true });
      chmodSync(into, 0o755);
      for (const name of Object.keys(newest.manifest.files)) {
        for (let folder = path.dirname(name); folder !== '.'; folder = path.dirname(folder)) chmodSync(path.join(into, folder), 0o755);
        chmodSync(path.join(into, name), 0o644);
      }
      const loaded = newest.manifest.load.map((name) => path.join(into, name));
      // A set that holds a patch already would not load with it twice.
      const text = loaded.map((name) => readFileSync(name, 'latin1')).join('\n');
      patches = patches.filter(({ rule }) => !new RegExp(`\\bid:'?${rule}\\b`).test(text));
      return loaded;
    },
  };
}
