import { cataloguers } from '@palisade/catalog/registry';
import type { Analyzer } from '@palisade/image/analyzer';
import { imageConfigAnalyzer } from '@palisade/inspect/image-config/analyzer';
import { secretsAnalyzer } from '@palisade/inspect/secrets/analyzer';
import { loadSecretRules } from '@palisade/inspect/secrets/load';
import type { SecretRules } from '@palisade/inspect/secrets/rule';
import { readContent } from './content.ts';

/** A file of secret rules; `shipped`: it comes with the product, and its patterns are known to be good. */
export type RuleText = { readonly file: string; readonly text: string; readonly shipped?: boolean };

function shippedRules(): RuleText {
  return { ...readContent('secrets/palisade.toml'), shipped: true };
}

/** What every scan of a process shares: compiled once. */
export type Scanner = { readonly analyzers: readonly Analyzer[]; readonly secretRules: SecretRules };

/** Loads the secret rules (the shipped ones unless a text is given) and lists every analyzer. */
export function createScanner(rules: RuleText = shippedRules()): Scanner {
  const secretRules = loadSecretRules(rules.text, { ...rules, useDefault: shippedRules });
  return { secretRules, analyzers: [...cataloguers, imageConfigAnalyzer, secretsAnalyzer(secretRules)] };
}
