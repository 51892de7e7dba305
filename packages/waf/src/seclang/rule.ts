import type { Matcher } from '../operators/operator.ts';
import type { Macro } from '../engine/macro.ts';
import type { Transformation } from '../transformations/transformation.ts';
import type { Target } from './targets.ts';

/** 1 request headers, 2 request body, 3 response headers, 4 response body, 5 logging. */
export type Phase = 1 | 2 | 3 | 4 | 5;
export type Disruptive = 'allow' | 'block' | 'deny' | 'drop' | 'pass' | 'redirect';

export type SetVar = { readonly collection: string; readonly key: Macro; readonly change: 'set' | 'add' | 'subtract' | 'unset'; readonly value: Macro };
export type Ctl = { readonly word: string; readonly value: string; readonly targets: readonly Target[] };
export type Initcol = { readonly collection: string; readonly key: Macro };

/** What a rule does, after its defaults were applied. */
export type Actions = {
  id: number;
  phase: Phase;
  disruptive: Disruptive;
  allow: 'all' | 'phase' | 'request';
  status: number;
  /** Said by the rule itself, not by its defaults. */
  ownStatus: boolean;
  redirect?: Macro;
  chain: boolean;
  capture: boolean;
  multiMatch: boolean;
  log: boolean;
  auditlog: boolean;
  skip: number;
  skipAfter?: string;
  msg?: Macro;
  logdata?: Macro;
  severity?: number;
  tags: Macro[];
  rev: string;
  ver: string;
  setvars: SetVar[];
  expirevars: { readonly collection: string; readonly key: Macro; readonly seconds: Macro }[];
  ctls: Ctl[];
  initcols: Initcol[];
  setenvs: { readonly name: string; readonly value: Macro }[];
  /** Prefixes with their namespaces. */
  namespaces: (readonly [string, string])[];
  transformations: { readonly name: string; readonly apply: Transformation }[];
};

export type RuleOperator = {
  readonly name: string;
  readonly negated: boolean;
  readonly param: string;
  /** Fixed parameters are compiled at load; those with macros when they are evaluated. */
  readonly matcher?: Matcher;
  readonly macro?: Macro;
};

export type Rule = Actions & {
  readonly kind: 'rule';
  readonly file: string;
  readonly line: number;
  targets: Target[];
  /** Undefined for SecAction, which always matches. */
  readonly operator?: RuleOperator;
  next?: Rule;
};
export type Marker = { readonly kind: 'marker'; readonly name: string };

/** Engine settings that directives change. Sizes in bytes. */
export type Settings = {
  ruleEngine: 'On' | 'Off' | 'DetectionOnly';
  requestBodyAccess: boolean;
  responseBodyAccess: boolean;
  requestBodyLimit: number;
  requestBodyNoFilesLimit: number;
  requestBodyLimitAction: 'Reject' | 'ProcessPartial';
  responseBodyLimit: number;
  responseBodyLimitAction: 'Reject' | 'ProcessPartial';
  responseMimeTypes: ReadonlySet<string>;
  argumentSeparator: string;
  argumentsLimit: number;
  jsonDepthLimit: number;
  uploadFileLimit: number;
  /** Seconds a persistent collection lives after its last change. */
  collectionTimeout: number;
  webAppId: string;
  /** What the audit log of a trace holds. */
  auditEngine: 'On' | 'Off' | 'RelevantOnly';
  auditParts: string;
  auditRelevantStatus: RegExp | undefined;
};
