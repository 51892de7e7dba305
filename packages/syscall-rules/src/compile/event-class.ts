import type { Event } from '../event.ts';
import { eventTypeByName } from '../event-types/table.ts';
import type { Assumption, Known } from './assumption.ts';

const any = { min: 0, max: Number.POSITIVE_INFINITY };

/** What every event that succeeded, and every one that failed, has in common. */
export const succeeded: Readonly<Record<string, Known>> = { 'evt.failed': false, 'evt.rawres': any, 'evt.res': { text: 'SUCCESS' } };
export const failed: Readonly<Record<string, Known>> = {
  'evt.failed': true,
  'evt.rawres': { min: Number.NEGATIVE_INFINITY, max: -1 },
  'evt.res': { begins: 'E' },
  'evt.is_open_create': false,
  ...Object.fromEntries(['name', 'nameraw', 'source', 'sourceraw', 'target', 'targetraw'].map((member) => [`fs.path.${member}`, 'absent' as const])),
};

const fileOpened = { ...succeeded, 'fd.num': any };
const opens = ['open', 'openat', 'openat2'].map((name) => eventTypeByName.get(name)?.id ?? -1);
const isOpen = new Set(opens);

/** The classes that events of a type fall into, by number: an open by how it ended and its access mode, others by how they ended. */
export function classesOf(type: number): readonly Assumption[] {
  const classes: readonly Readonly<Record<string, Known>>[] = isOpen.has(type)
    ? [
        { ...fileOpened, 'evt.is_open_read': true, 'evt.is_open_write': false },
        { ...fileOpened, 'evt.is_open_read': false, 'evt.is_open_write': true },
        { ...fileOpened, 'evt.is_open_read': true, 'evt.is_open_write': true },
        { ...failed, 'fd.num': { min: -1, max: -1 } },
        {},
      ]
    : [succeeded, failed, {}];
  return classes.map((fields) => ({ type, fields }));
}

/** The number of the class an event is in. */
export function classOf(event: Event): number {
  const { result } = event;
  if (!isOpen.has(event.type)) return result === undefined ? 2 : result < 0 ? 1 : 0;
  if (result === undefined) return 4;
  if (result < 0) return 3;
  const flags = event.arg('flags');
  // Access mode 3 is neither, and counts as writing everywhere.
  if (typeof flags === 'number') return (flags & 3) === 3 ? 1 : flags & 3;
  // A trace may name the flags.
  return flags === undefined ? 0 : flags.includes('O_RDWR') ? 2 : flags.includes('O_WRONLY') ? 1 : 0;
}
