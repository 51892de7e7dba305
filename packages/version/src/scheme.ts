import { PalisadeError } from '@palisade/model/error';

/**
 * One ecosystem's order of versions. `parse` throws a PalisadeError `version-unparsable` that says why;
 * what it answers is immutable, so callers may keep it and compare it often. `compare` is a total order:
 * negative, zero or positive.
 */
export type VersionScheme<Version = unknown> = {
  /** The folder's name. */
  readonly id: string;
  /** Other names that users and feeds give the scheme, in lower case. */
  readonly aliases: readonly string[];
  parse(text: string): Version;
  compare(a: Version, b: Version): number;
};

/** Longest version text that is looked at: the longest real one seen is under 200; the limit keeps hostile metadata from costing time. */
export const maxVersionLength = 1024;

/** The error of a text that is no version of this scheme. */
export function unparsable(scheme: string, text: string, why: string): PalisadeError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new PalisadeError('version-unparsable', `"${shown}" is not a ${scheme} version: ${why}`, { detail: { scheme, version: shown } });
}

/** What holds in every scheme: not empty, not over the limit, no blanks or control characters. Answers the text without blanks around it. */
export function checkedText(scheme: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw unparsable(scheme, text, 'it is empty');
  if (trimmed.length > maxVersionLength) throw unparsable(scheme, text, `it is longer than ${maxVersionLength} characters`);
  if (/[\s\u0000-\u001f\u007f]/.test(trimmed)) throw unparsable(scheme, text, 'it contains a blank or a control character');
  return trimmed;
}
