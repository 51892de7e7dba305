import type { FieldDefinition } from './field.ts';
import { field } from './field.ts';

const waiting = { unfilled: 'the descriptors that a poll waits for are not recorded' };
const messages = { unfilled: 'contents of what is sent to the system log are not recorded' };

/** Falco's fdlist.*: the descriptors of a poll. */
export const fdListFields: readonly FieldDefinition[] = ['nums', 'names', 'cips', 'sips', 'cports', 'sports'].map((part) => field(`fdlist.${part}`, 'string', () => undefined, waiting));

/** Falco's syslog.*: a message on its way to the system log, taken apart. */
export const syslogFields: readonly FieldDefinition[] = [
  field('syslog.facility.str', 'string', () => undefined, messages),
  field('syslog.facility', 'number', () => undefined, messages),
  field('syslog.severity.str', 'string', () => undefined, messages),
  field('syslog.severity', 'number', () => undefined, messages),
  field('syslog.message', 'string', () => undefined, messages),
];
