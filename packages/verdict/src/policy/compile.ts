import type { CelEnv } from '@bufbuild/cel';
import { PalisadeError } from '@palisade/model/error';
import { GatePolicy } from '@palisade/model/gate-policy';
import type { GateRule } from '@palisade/model/gate-policy';
import type { Severity } from '@palisade/model/severity';
import { severities } from '@palisade/model/severity';
import { CelRefusal, compileCondition } from '../cel/compile.ts';
import type { Condition } from '../cel/compile.ts';
import { celEnvironment } from '../cel/environment.ts';
import { checkDocument, documentError, kindOf, readDocuments } from '../document/yaml.ts';
import type { SourceDocument } from '../document/yaml.ts';

export type CompiledRule = { readonly rule: GateRule; readonly condition: Condition };
export type CompiledPolicy = { readonly document: GatePolicy; readonly rules: readonly CompiledRule[] };

export type CompileOptions = { readonly file?: string; readonly now?: () => number };

/**
 * Compiles a gate policy from its YAML text or its document. Throws a PalisadeError `document-invalid` or
 * `policy-rule-invalid` naming file, line, column, and the rule that does not compile.
 */
export function compileGatePolicy(source: string | object, options: CompileOptions = {}): CompiledPolicy {
  const file = options.file ?? 'policy';
  const documents = readDocuments(typeof source === 'string' ? source : JSON.stringify(source, null, 2), file);
  const [document, second] = documents;
  if (document === undefined) throw documentError({ file, line: 1, column: 1 }, 'no document in it');
  if (second !== undefined) throw documentError(second.at([]), 'one gate policy a file: this is a second document');
  return compilePolicyDocument(document, options);
}

/** The same for one document of a file that may hold more. */
export function compilePolicyDocument(document: SourceDocument, options: Pick<CompileOptions, 'now'> = {}): CompiledPolicy {
  const kind = kindOf(document);
  if (kind !== 'GatePolicy') throw documentError(document.at(['kind']), `kind is "${kind}", not GatePolicy`);
  const policy = checkDocument(document, GatePolicy);
  const environment = celEnvironment(options.now ?? Date.now);
  const seen = new Set<string>();
  const rules = policy.spec.rules.map((rule, index) => {
    if (seen.has(rule.id)) throw documentError(document.at(['spec', 'rules', index, 'id']), `rule id "${rule.id}" stands twice`);
    seen.add(rule.id);
    return { rule, condition: compileRule(rule, index, document, environment) };
  });
  return { document: policy, rules };
}

function compileRule(rule: GateRule, index: number, document: SourceDocument, environment: CelEnv): Condition {
  try {
    return compileCondition(rule.when, environment);
  } catch (error) {
    if (!(error instanceof CelRefusal)) throw error;
    const at = document.inside(['spec', 'rules', index, 'when'], error.line, error.column);
    throw new PalisadeError('policy-rule-invalid', `${at.file}:${at.line}:${at.column}: rule "${rule.id}": ${error.message}`, {
      status: 422,
      detail: { file: at.file, line: at.line, column: at.column, rule: rule.id, cause: error.message },
    });
  }
}

/** The policy behind `--fail-on SEVERITY`: deny every affected finding at least that severe. */
export function failOnPolicy(floor: Exclude<Severity, 'unknown'>): CompiledPolicy {
  const listed = severities.slice(0, severities.indexOf(floor) + 1).map((severity) => `"${severity}"`);
  return compileGatePolicy({
    apiVersion: 'palisade/v1',
    kind: 'GatePolicy',
    metadata: { name: `fail-on-${floor}`, scope: {}, owner: 'console' },
    spec: {
      mode: 'enforce',
      onUnknown: 'warn',
      onPartial: 'warn',
      rules: [
        {
          id: `fail-on-${floor}`,
          when: `finding.answer == "affected" && finding.severity in [${listed.join(', ')}]`,
          then: 'deny',
          because: { en: `severity is ${floor} or worse`, 'zh-CN': `严重程度达到或超过 ${floor}` },
        },
      ],
    },
  });
}
