/** A text of a rule file, with what is needed to find a place in it again. */
export type SourceText = { readonly value: string; readonly file: string; lineAt(offset: number): number };

export type Place = { readonly file: string; readonly line: number };

export type ListItem = Place & { readonly kind: 'list'; readonly name: string; readonly items: readonly string[]; readonly append: boolean };
export type MacroItem = Place & { readonly kind: 'macro'; readonly name: string; readonly condition: SourceText; readonly append: boolean };

/** A value of an exception: a text, or a list of values. */
export type ExceptionValue = string | readonly ExceptionValue[];
export type Exception = Place & {
  readonly name: string;
  readonly fields: ExceptionValue | undefined;
  readonly comps: ExceptionValue | undefined;
  readonly values: readonly ExceptionValue[];
};

export const priorities = ['Emergency', 'Alert', 'Critical', 'Error', 'Warning', 'Notice', 'Informational', 'Debug'] as const;
export type Priority = (typeof priorities)[number];

/** The members of a rule; each is undefined where the document does not give it. */
export type RuleMembers = {
  readonly condition: SourceText | undefined;
  readonly output: SourceText | undefined;
  readonly desc: string | undefined;
  readonly priority: Priority | undefined;
  readonly source: string | undefined;
  readonly enabled: boolean | undefined;
  readonly warnEvttypes: boolean | undefined;
  readonly skipIfUnknownFilter: boolean | undefined;
  readonly tags: readonly string[] | undefined;
  readonly exceptions: readonly Exception[] | undefined;
  readonly capture: boolean | undefined;
};

/** `define` a whole rule, `append` to one, `replace` members of one, or only switch it on or off. */
export type RuleItem = Place & { readonly kind: 'rule'; readonly name: string; readonly steps: readonly { readonly how: 'define' | 'append' | 'replace' | 'enable'; readonly members: RuleMembers }[] };

export type VersionItem = Place & { readonly kind: 'engine-version'; readonly version: readonly [number, number, number] };
export type PluginItem = Place & { readonly kind: 'plugins'; readonly plugins: readonly { readonly name: string; readonly version: string }[] };

export type Item = ListItem | MacroItem | RuleItem | VersionItem | PluginItem;
