import type { Process, ProcessTexts } from '../event.ts';
import { ofAncestors } from './ancestry.ts';

function texts(process: Process): ProcessTexts {
  return (process.texts ??= {});
}

/** Falco's limit: what is longer is cut, in every field the same way. */
const maxLength = 4096;

/** proc.args: argv[1..] joined by blanks. */
export function argsText(process: Process): string {
  return (texts(process).args ??= process.args.join(' ').slice(0, maxLength));
}

/** proc.cmdline: the kernel's name, then the arguments. */
export function commandLine(process: Process): string {
  return (texts(process).commandLine ??= process.args.length === 0 ? process.comm : `${process.comm} ${argsText(process)}`);
}

/** proc.exeline: argv[0], then the arguments. */
export function exeLine(process: Process): string {
  return (texts(process).exeLine ??= process.args.length === 0 ? process.exe : `${process.exe} ${argsText(process)}`);
}

/** proc.env: NAME=value pairs joined by blanks. */
export function envText(process: Process): string {
  return (texts(process).env ??= process.env.join(' '));
}

/** The names of all ancestors, parent first. */
export function ancestorNames(process: Process): readonly string[] {
  return (texts(process).ancestorNames ??= ofAncestors(process, (ancestor) => ancestor.comm));
}

/** The value of one variable; undefined when it is not set, or only its name was kept. */
export function envValue(process: Process, name: string): string | undefined {
  const entry = process.env.find((pair) => pair.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}
