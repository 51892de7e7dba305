import { deterministicId } from '@palisade/model/id';
import type { Gap } from '@palisade/model/gap';
import type { Fact } from '@palisade/image/analyzer';
import type { Draft } from '../detector.ts';
import type { SecretFacts } from './analyzer.ts';
import { secretDetector } from './detect.ts';
import { maskSecret } from './mask.ts';
import type { SecretRule, SecretRules } from './rule.ts';

/** Findings from what the analyzer learned of files. */
export function secretFindings(facts: readonly Fact[], rules: SecretRules): Draft[] {
  const byId = new Map(rules.rules.map((rule) => [rule.id, rule]));
  const drafts: Draft[] = [];
  for (const fact of facts) {
    if (fact.analyzer !== 'secrets') continue;
    for (const secret of (fact.data as SecretFacts).secrets) {
      const rule = byId.get(secret.rule);
      if (rule === undefined) continue;
      drafts.push(draft(rule, [fact.layer, fact.path, String(secret.line), String(secret.column)], {
        path: fact.path,
        ...(fact.layer === '' ? {} : { layer: fact.layer }),
        ...(fact.removed === undefined ? {} : { removed: fact.removed }),
        evidence: secret.masked === '' ? fact.path : `${fact.path}:${secret.line}: ${secret.masked}`,
      }));
    }
  }
  return drafts;
}

/** How many files the secrets detector opened and left unsearched because they are binary, as a gap that leaves the scan complete. */
export function binaryFilesGap(facts: readonly Fact[]): Gap | undefined {
  const count = facts.filter((fact) => fact.analyzer === 'secrets' && (fact.data as SecretFacts).binary === true).length;
  return count === 0 ? undefined : { kind: 'scope-binary-file', subject: 'secrets', reason: 'binary files are not searched for secrets', count };
}

/** A setting of an image: a variable, a build argument, a line of history. `name` says which. */
export type Setting = { readonly name: string; readonly text: string; readonly layer?: string };

/** Findings in settings. The rules need context such as `name=`, which `text` should hold. */
export function secretsInSettings(settings: readonly Setting[], rules: SecretRules): Draft[] {
  const detector = secretDetector(rules);
  const drafts = new Map<string, Draft>();
  for (const setting of settings) {
    for (const found of detector.detect(Buffer.from(setting.text), '')) {
      const made = draft(found.rule, [setting.name, found.secret], {
        ...(setting.layer === undefined ? {} : { layer: setting.layer }),
        evidence: `${setting.name}: ${maskSecret(found.secret)}`,
      });
      drafts.set(made.id, made);
    }
  }
  return [...drafts.values()];
}

function draft(rule: SecretRule, identity: readonly string[], place: Partial<Draft>): Draft {
  return {
    id: deterministicId('fnd', 'secret', rule.id, ...identity),
    kind: 'secret',
    rule: rule.id,
    severity: rule.severity,
    answer: 'affected',
    ...place,
    title: { en: rule.description, 'zh-CN': `发现密钥或凭据：${rule.id}` },
    description: {
      en: 'Whoever can pull the image can read it, also when a later layer deletes the file.',
      'zh-CN': '任何能拉取该镜像的人都能读到它；即使后续层删除了该文件也一样。',
    },
    remedy: {
      en: 'Revoke the secret, rebuild without it, and hand it over at run time (a mounted secret or a build secret).',
      'zh-CN': '吊销该密钥，重新构建不含它的镜像，并在运行时提供（挂载 Secret 或使用构建密钥）。',
    },
    references: ['https://docs.docker.com/build/building/secrets/'],
  };
}
