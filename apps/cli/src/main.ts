import { fstatSync, realpathSync } from 'node:fs';
import { localeOf } from '@palisade/model/locale';
import type { Io } from './command.ts';
import { UsageError } from './command.ts';
import { commands, internalCommands } from './registry.ts';
import { productVersion } from './product-version.ts';

const interrupt = new AbortController();

const io: Io = {
  env: process.env,
  locale: localeOf(process.env),
  cwd: process.cwd(),
  // Streams are made when they are asked for: Node loads much for them, and a scan into a file needs none.
  get stdin() {
    return process.stdin;
  },
  out: (text) => void output().write(text),
  err: (text) => void process.stderr.write(text),
  get progress() {
    return isTerminal(2);
  },
  get color() {
    return (process.env['NO_COLOR'] ?? '') === '' && isTerminal(1);
  },
  signal: interrupt.signal,
  self: [process.execPath, ...process.execArgv, realpathSync(process.argv[1] ?? '')],
};

let prepared = false;

function output(): NodeJS.WriteStream {
  if (!prepared) {
    prepared = true;
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that has seen enough (`| head`) is no error of ours.
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  return process.stdout;
}

function isTerminal(fd: 1 | 2): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && (fd === 1 ? process.stdout : process.stderr).isTTY;
  } catch {
    // Closed by whoever started this.
    return false;
  }
}

function endOn(...signals: readonly NodeJS.Signals[]): void {
  for (const signal of signals) process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));
}

function help(): string {
  const zh = io.locale === 'zh-CN';
  const rows = Object.entries(commands).map(([name, entry]) => `  ${name.padEnd(12)} ${entry.summary[io.locale]}`);
  return [
    zh ? 'palisade：容器安全平台' : 'palisade: container security platform',
    '',
    zh ? '用法：palisade 命令 [参数]' : 'usage: palisade COMMAND [ARGUMENTS]',
    '',
    ...rows,
    '',
    zh ? '“palisade 命令 --help” 显示该命令的用法与示例。' : '"palisade COMMAND --help" shows a command\'s use with examples.',
    '',
  ].join('\n');
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-V') {
    io.out(`palisade ${productVersion}\n`);
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(help());
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : Object.hasOwn(internalCommands, name) ? internalCommands[name] : undefined;
  if (entry === undefined) throw new UsageError(`unknown command "${name}"; "palisade --help" lists the commands`);
  const command = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(`${command.summary[io.locale]}\n\n${typeof command.usage === 'string' ? command.usage : command.usage[io.locale]}\n`);
    return 0;
  }
  endOn('SIGINT', 'SIGTERM');
  if (command.hangup !== 'own') endOn('SIGHUP');
  const code = await command.run(rest, io);
  if (command.ends === 'at once') {
    if (prepared) await new Promise<void>((resolve) => void output().write('', () => resolve()));
    process.exit(code);
  }
  return code;
}

// No top-level await: the build is CommonJS, whose modules start faster.
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`palisade: ${message}\n`);
    if (process.env['PALISADE_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    process.exitCode = 2;
  },
);
