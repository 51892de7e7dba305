import type { Event } from '../event.ts';
import type { FieldContext, FieldDefinition } from './field.ts';
import { field } from './field.ts';

const nobodyLoggedIn = 4294967295;

function userName(event: Event, { names }: FieldContext): string {
  const { process } = event;
  return process.user ?? (process.uid === 0 ? 'root' : (names.user(process.uid, process.container)?.name ?? '<NA>'));
}

function loginUid(event: Event): number {
  // Falco prints -1 where the kernel holds the largest unsigned number.
  return event.process.loginuid >= nobodyLoggedIn ? -1 : event.process.loginuid;
}

/** Falco's user.*. */
export const userFields: readonly FieldDefinition[] = [
  field('user.uid', 'number', (event) => event.process.uid),
  field('user.name', 'string', userName),
  field('user.homedir', 'string', (event, { names }) => names.user(event.process.uid, event.process.container)?.home),
  field('user.shell', 'string', (event, { names }) => names.user(event.process.uid, event.process.container)?.shell),
  field('user.loginuid', 'number', loginUid),
  field('user.loginname', 'string', (event, { names }) => {
    const uid = loginUid(event);
    if (event.process.loginuser !== undefined) return event.process.loginuser;
    return uid === -1 ? '<NA>' : uid === 0 ? 'root' : (names.user(uid, event.process.container)?.name ?? '<NA>');
  }),
];

/** Falco's group.*. */
export const groupFields: readonly FieldDefinition[] = [
  field('group.gid', 'number', (event) => event.process.gid),
  field('group.name', 'string', (event, { names }) => event.process.group ?? (event.process.gid === 0 ? 'root' : (names.group(event.process.gid, event.process.container) ?? '<NA>'))),
];
