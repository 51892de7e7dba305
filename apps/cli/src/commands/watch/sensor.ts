import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';

/** The warden program of this installation; built on first use where its sources and a compiler are present. */
export function sensorProgram(io: Io): string {
  const root = rootFolder();
  const program = path.join(root, 'sensor/build/warden');
  if (isCurrent(program)) return program;
  io.err(io.locale === 'zh-CN' ? '正在编译传感器\n' : 'building the sensor\n');
  const built = spawnSync('sh', [path.join(root, 'scripts/build-sensor.sh')], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (built.status !== 0 || !existsSync(program)) {
    throw new UsageError(`the sensor could not be built (sh scripts/build-sensor.sh; packages: scripts/system-packages.txt): ${(built.stderr || String(built.error ?? '')).trim().split('\n').slice(-5).join(' | ')}`);
  }
  return program;
}

/** Built, and not before its sources were changed: an older one takes other requests and syscalls than are asked of it. */
function isCurrent(program: string): boolean {
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return false;
  return globSync(['*.{c,h}', 'bpf/*.{c,h}'], { cwd: path.resolve(program, '../..') }).every((file) => statSync(path.resolve(program, '../..', file)).mtimeMs <= built);
}

/** Where this installation's warden program is or will be; undefined where it has no sensor at all. */
export function sensorPlace(): string | undefined {
  try {
    return path.join(rootFolder(), 'sensor/build/warden');
  } catch {
    return undefined;
  }
}

/**
 * Builds the sensor beside what else runs, where it is missing and can be built: as root and with a compiler. Answers
 * undefined once it is there; `tried` with its last words when the build failed, `untried` with what is missing.
 */
export async function buildSensorBeside(signal: AbortSignal): Promise<{ tried: string } | { untried: string } | undefined> {
  const place = sensorPlace();
  if (place === undefined) return { untried: 'this installation has no sensor (sensor/)' };
  if (isCurrent(place)) return undefined;
  if (process.getuid?.() !== 0) return { untried: 'only root builds the sensor' };
  if (spawnSync('sh', ['-c', 'command -v clang'], { stdio: 'ignore' }).status !== 0) return { untried: 'the sensor is not built and there is no clang' };
  const child = spawn('nice', ['sh', path.join(path.dirname(place), '../../scripts/build-sensor.sh')], { stdio: ['ignore', 'ignore', 'pipe'], signal });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void said.push(text.slice(0, 2000)));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ tried: error.message }));
    child.once('close', (code) => resolve(code === 0 ? undefined : { tried: said.join('').trim().split('\n').slice(-3).join(' | ') }));
  });
}

function rootFolder(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'sensor/Makefile')) || existsSync(path.join(folder, 'sensor/build/warden'))) return folder;
    if (folder === path.dirname(folder)) throw new UsageError('this installation has no sensor (sensor/)');
  }
}
