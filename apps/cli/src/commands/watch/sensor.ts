import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';

/** The warden program of this installation; built on first use where its sources and a compiler are present. */
export function sensorProgram(io: Io): string {
  const root = rootFolder();
  const program = path.join(root, 'sensor/build/warden');
  if (existsSync(program)) return program;
  io.err(io.locale === 'zh-CN' ? '首次使用：正在编译传感器\n' : 'first use: building the sensor\n');
  const built = spawnSync('sh', [path.join(root, 'scripts/build-sensor.sh')], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (built.status !== 0 || !existsSync(program)) {
    throw new UsageError(`the sensor could not be built (sh scripts/build-sensor.sh; packages: scripts/system-packages.txt): ${(built.stderr || String(built.error ?? '')).trim().split('\n').slice(-5).join(' | ')}`);
  }
  return program;
}

function rootFolder(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'sensor/Makefile')) || existsSync(path.join(folder, 'sensor/build/warden'))) return folder;
    if (folder === path.dirname(folder)) throw new UsageError('this installation has no sensor (sensor/)');
  }
}
