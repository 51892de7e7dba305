import type { Severity } from '@palisade/model/severity';
import type { Pattern } from '../regex/compile.ts';

/** What takes a find back. Empty lists say nothing; under `and` every list that has entries must agree. */
export type Allowlist = {
  readonly and: boolean;
  readonly paths: readonly Pattern[];
  readonly regexes: readonly Pattern[];
  readonly target: 'secret' | 'match' | 'line';
  /** Lower case. */
  readonly stopwords: readonly string[];
  readonly hasCommits: boolean;
};

/** Another rule that must have fired nearby: within so many lines or columns, or anywhere in the text. */
export type Required = { readonly rule: string; readonly lines?: number; readonly columns?: number };

export type SecretRule = {
  readonly id: string;
  readonly description: string;
  readonly regex?: Pattern;
  readonly path?: Pattern;
  /** 0: the first group that is not empty. */
  readonly group: number;
  readonly entropy: number;
  /** Lower case; none: the rule is always asked. */
  readonly keywords: readonly string[];
  readonly allowlists: readonly Allowlist[];
  readonly required: readonly Required[];
  /** The rule only serves as another's requirement. */
  readonly silent: boolean;
  readonly tags: readonly string[];
  readonly severity: Severity;
};

export type SecretRules = {
  readonly title: string;
  readonly rules: readonly SecretRule[];
  /** Global lists; `forRules` empty: for every rule. */
  readonly allowlists: readonly Allowlist[];
  /** What the file asks for and Palisade does otherwise. */
  readonly notices: readonly string[];
  /** Changes whenever an answer could change; part of the layer cache's key. */
  readonly version: number;
};
