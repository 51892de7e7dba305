import { containerFields } from './container.ts';
import { evtFields } from './evt.ts';
import { fdFields } from './fd.ts';
import type { FieldDefinition } from './field.ts';
import { fsPathFields } from './fs-path.ts';
import { k8sFields } from './k8s.ts';
import { procFields } from './proc.ts';
import { threadFields } from './thread.ts';
import { fdListFields, syslogFields } from './unrecorded.ts';
import { groupFields, userFields } from './user.ts';

/** Every field of the syscall source, by class. */
export const fieldClasses: Readonly<Record<string, readonly FieldDefinition[]>> = {
  evt: evtFields,
  proc: procFields,
  thread: threadFields,
  user: userFields,
  group: groupFields,
  fd: fdFields,
  'fs.path': fsPathFields,
  fdlist: fdListFields,
  syslog: syslogFields,
  container: containerFields,
  k8s: k8sFields,
};

const byName: ReadonlyMap<string, FieldDefinition> = new Map(Object.values(fieldClasses).flatMap((fields) => fields.map((definition) => [definition.name, definition])));

/**
 * Finds a field by its written name: `evt.arg.flags` is the field `evt.arg` with the argument "flags". Undefined when
 * there is no such field. `argument` is what stood in brackets.
 */
export function findField(name: string, argument: string | undefined): { readonly definition: FieldDefinition; readonly argument: string | undefined } | undefined {
  const definition = byName.get(name);
  if (definition !== undefined) return { definition, argument };
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const prefix = byName.get(name.slice(0, dot));
    if (prefix?.argument === 'dotted' && argument === undefined) return { definition: prefix, argument: name.slice(dot + 1) };
  }
  return undefined;
}

/** The fields whose names are nearest to a misspelt one. */
export function similarFields(name: string): readonly string[] {
  const last = name.split('.').at(-1) ?? '';
  const prefix = name.split('.')[0] ?? '';
  return [...byName.keys()].filter((known) => known.startsWith(`${prefix}.`) && (known.endsWith(last) || known.includes(last.slice(0, 4)))).slice(0, 3);
}
