import type { Event, EventSource, Names } from '../event.ts';

/**
 * What a field yields. `undefined`: this event has no such thing; every comparison with it is false, as in Falco.
 * An array: the field has several values (all ancestors' names, both ends of a connection, a list).
 */
export type FieldValue = string | number | boolean | readonly string[] | readonly number[] | undefined;

/** Types decide which operators fit and how a literal is read. `bytes`: one character a byte. */
export type FieldType = 'string' | 'number' | 'boolean' | 'ip' | 'net' | 'bytes' | 'host';

/** What fields may ask beside the event itself. */
export type FieldContext = { readonly source: EventSource; readonly names: Names };

export type Getter = (event: Event) => FieldValue;

/**
 * `none`: one value. `any`: several, one that fits is enough. `either`: both ends of a connection, where "!=" means
 * neither end. `list`: a set, of which "in" wants all and "intersects" one.
 */
export type Arity = 'none' | 'any' | 'either' | 'list';

export type FieldDefinition = {
  readonly name: string;
  readonly type: FieldType;
  readonly argument?: 'optional' | 'required' | 'dotted';
  readonly arity?: Arity;
  /** Only in conditions, or only in outputs. */
  readonly only?: 'condition' | 'output';
  /** Said at load: deprecated in Falco, or never filled by the sensor of this product. */
  readonly deprecated?: string;
  readonly unfilled?: string;
  /** Falco prints these times and ids in output_fields as numbers, others as text. */
  readonly hex?: boolean;
  /** Makes the getter for an argument. Throws Error with the reason when the argument makes no sense. */
  bind(argument: string | undefined, context: FieldContext): Getter;
  /** With an argument a field of several values may have just one. */
  arityOf?(argument: string | undefined): Arity;
  typeOf?(argument: string | undefined): FieldType;
};

/** A field without arguments. */
export function field(name: string, type: FieldType, get: (event: Event, context: FieldContext) => FieldValue, extra: Partial<FieldDefinition> = {}): FieldDefinition {
  return { name, type, ...extra, bind: (_argument, context) => (event) => get(event, context) };
}

/** A number that an argument must be: "[2]". */
export function indexArgument(argument: string | undefined, name: string): number {
  if (argument === undefined || !/^\d{1,6}$/.test(argument)) throw new Error(`${name} needs a number in brackets, such as ${name}[1]`);
  return Number(argument);
}
