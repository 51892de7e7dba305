import { cataloguers } from '@palisade/catalog/registry';
import type { Analyzer } from '@palisade/image/analyzer';
import { imageConfigAnalyzer } from '@palisade/inspect/image-config/analyzer';
import { secretsAnalyzer } from '@palisade/inspect/secrets/analyzer';
import { loadSecretRules } from '@palisade/inspect/secrets/load';
import type { SecretRules } from '@palisade/inspect/secrets/rule';
import { readContent } from './content.ts';

/** What every scan of a process shares: compiled once. */
export type Scanner = { readonly analyzers: readonly Analyzer[]; readonly secretRules: SecretRules };

/** Loads the secret rules (the shipped ones unless a text is given) and lists every analyzer. */
export function createScanner(rules: { file: string; text: string } = readContent('secrets/palisade.toml')): Scanner {
  const secretRules = loadSecretRules(rules.text, { file: rules.file, useDefault: () => readContent('secrets/palisade.toml') });
  return { secretRules, analyzers: [...cataloguers, imageConfigAnalyzer, secretsAnalyzer(secretRules)] };
}
