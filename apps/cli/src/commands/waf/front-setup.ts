import { chmodSync, cpSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FrontSetup } from '@palisade/app-agent/waf/guard-containers';
import type { Io } from '../../command.ts';
import { sensorPlace } from '../watch/sensor.ts';
import { kept, rulesHome } from './rules/store.ts';
import { frontCommand, workerUser } from './worker-flags.ts';

/** How this node's agent stands in front of containers: this installation's warden and workers, the rule set installed last. */
export function frontSetup(io: Io, user: number = workerUser): FrontSetup {
  return {
    program: sensorPlace() ?? 'sensor/build/warden', user, env: io.env,
    command: (settings) => frontCommand(io, settings),
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
      return newest.manifest.load.map((name) => path.join(into, name));
    },
  };
}
