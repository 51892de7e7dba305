import path from 'node:path';
import type { Event } from '../event.ts';
import { eventTypes } from '../event-types/table.ts';
import type { FieldDefinition, FieldValue } from './field.ts';
import { field } from './field.ts';
import { oncePerEvent } from './once-per-event.ts';

// Which argument is the path, per syscall, as Falco's documentation of fs.path.* lists them.
const names: Readonly<Record<string, string>> = {
  mkdir: 'path', mkdirat: 'path', rmdir: 'path', unlink: 'path', unlinkat: 'name', open: 'name', openat: 'name', openat2: 'name', creat: 'name', open_by_handle_at: 'path', fchmodat: 'filename', fchmodat2: 'filename', chmod: 'filename',
  chown: 'path', lchown: 'path', fchownat: 'pathname', quotactl: 'special', umount: 'name', umount2: 'name', mknod: 'path', mknodat: 'path', truncate: 'path', chroot: 'path', chdir: 'path',
};
const pairs: Readonly<Record<string, readonly [source: string, target: string]>> = {
  rename: ['oldpath', 'newpath'], renameat: ['oldpath', 'newpath'], renameat2: ['oldpath', 'newpath'], link: ['newpath', 'oldpath'], linkat: ['newpath', 'oldpath'], symlink: ['linkpath', 'target'], symlinkat: ['linkpath', 'target'],
  mount: ['dev', 'dir'], move_mount: ['from_path', 'to_path'],
};
const byDescriptor = new Set(['fchmod', 'fchown', 'ftruncate']);

const nameOf: readonly (string | undefined)[] = eventTypes.map((type) => names[type.name]);
const sourceOf: readonly (string | undefined)[] = eventTypes.map((type) => pairs[type.name]?.[0]);
const targetOf: readonly (string | undefined)[] = eventTypes.map((type) => pairs[type.name]?.[1]);
const descriptor: readonly boolean[] = eventTypes.map((type) => byDescriptor.has(type.name));

function raw(event: Event, argument: string | undefined): FieldValue {
  if (argument === undefined || (event.result ?? 0) < 0) return undefined;
  const value = event.arg(argument);
  return typeof value === 'string' ? value : undefined;
}

function absolute(event: Event, argument: string | undefined): FieldValue {
  if (argument === undefined || (event.result ?? 0) < 0) return undefined;
  const found = event.path(argument);
  if (found !== undefined) return found;
  // A symlink's target and a mount's device are plain texts to the kernel; Falco reads them as paths all the same.
  const value = event.arg(argument);
  return typeof value === 'string' ? path.posix.resolve(event.process.cwd === '' ? '/' : event.process.cwd, value) : undefined;
}

function ofDescriptor(event: Event): FieldValue {
  return event.fd === undefined || (event.result ?? 0) < 0 ? undefined : event.fd.path;
}

/** fs.path.name, fs.path.source and fs.path.target of an event. */
export const namedPath = oncePerEvent((event: Event): FieldValue => (descriptor[event.type] === true ? ofDescriptor(event) : absolute(event, nameOf[event.type])));
export const sourcePath = oncePerEvent((event: Event): FieldValue => absolute(event, sourceOf[event.type]));
export const targetPath = oncePerEvent((event: Event): FieldValue => absolute(event, targetOf[event.type]));

/** Whether events of a type have such a path. */
export const hasNamedPath = (type: number): boolean => nameOf[type] !== undefined || descriptor[type] === true;
export const hasTwoPaths = (type: number): boolean => sourceOf[type] !== undefined;

/** Falco's fs.path.*: only of calls that succeeded. */
export const fsPathFields: readonly FieldDefinition[] = [
  field('fs.path.name', 'string', namedPath),
  field('fs.path.nameraw', 'string', (event) => (descriptor[event.type] === true ? ofDescriptor(event) : raw(event, nameOf[event.type]))),
  field('fs.path.source', 'string', sourcePath),
  field('fs.path.sourceraw', 'string', (event) => raw(event, sourceOf[event.type])),
  field('fs.path.target', 'string', targetPath),
  field('fs.path.targetraw', 'string', (event) => raw(event, targetOf[event.type])),
];
