import type { Requirement } from '../prefilter/requirement.ts';
import type { Detection } from '../libinjection/detection.ts';
import type { GeoDatabase, GeoField } from './geo-lookup.ts';
import type { XmlValidation } from './validate-xml.ts';

/** What an operator may need while the rules are loaded. */
export type OperatorContext = {
  /** Reads a file named in a rule, relative to the rule file; throws when it can't. Bytes as latin1. */
  readFile(name: string): string;
  readonly detection: Detection;
  /** The database of SecGeoLookupDb, known once all rules are read. */
  geo?(): GeoDatabase | undefined;
  /** The library for schemas, where the caller brought one. */
  xml?(): XmlValidation | undefined;
};

/** What an operator sees of the transaction while it runs. */
export type OperatorRun = {
  /** Sets TX:0 to TX:9 when the rule captures. */
  capture(index: number, value: string): void;
  /** Says which bytes of the value decided; an operator that can't tell leaves it out, and the whole value counts. */
  found(offset: number, length: number): void;
  /** Fills GEO. */
  geo?(fields: readonly GeoField[]): void;
  /** A line for the trace. */
  said?(text: string): void;
  /** Reports work that was given up, such as a lookup this engine doesn't make. */
  gap?(kind: string, reason: string): void;
  /** The rule fires where the operator doesn't match: an operator that can't tell answers so that it fires. */
  negated?: boolean;
  /** A pattern could not be searched for in all of the value: MSC_PCRE_LIMITS_EXCEEDED is set. */
  limitExceeded?(): void;
};

/** The test itself; compiled once and never failing. */
export type Matcher = ((value: string, run: OperatorRun) => boolean) & {
  /** What every matching value is sure to have, worked out when asked; absent where nothing can be promised. */
  readonly requires?: () => Requirement;
  /** Whether a value surely doesn't pass, told for less than the test costs; false says nothing. */
  readonly dismisses?: (value: string) => boolean;
  /** The same test for a value already read as a number. */
  readonly number?: (value: number) => boolean;
  /** The same test once more, as the least and the greatest number that pass it. */
  readonly range?: readonly [number, number] | undefined;
};

/** Compiles a parameter into a matcher, throwing an Error that says what is wrong with it. */
export type Operator = (param: string, context: OperatorContext) => Matcher;
