import type { RulePriority } from '@palisade/model/detection';
import { rulePriorities } from '@palisade/model/detection';
import { parseDuration } from '@palisade/model/duration';
import { ResponsePolicy } from '@palisade/model/response-policy';
import type { DenyRule, HoldRule, ResponseAction, ResponseRule } from '@palisade/model/response-policy';
import { checkDocument, documentError, kindOf } from '../document/yaml.ts';
import type { SourceDocument } from '../document/yaml.ts';
import { globMatches } from '../glob.ts';
import { inScope, meets, narrower } from './place.ts';
import type { EventPlace } from './place.ts';

/** Longest path and name that fit the kernel's deny lists, in bytes (sensor/request.h). */
const denyLimits = { path: 255, name: 15 } as const;

/** Reads one document as a response policy; throws at its first fault. */
export function checkResponsePolicy(document: SourceDocument): ResponsePolicy {
  const kind = kindOf(document);
  if (kind !== 'ResponsePolicy') throw documentError(document.at(['kind']), `kind is "${kind}", not ResponsePolicy`);
  const policy = checkDocument(document, ResponsePolicy);
  const seen = new Set<string>();
  for (const part of ['rules', 'deny', 'hold'] as const) {
    policy.spec[part].forEach(({ id }, index) => {
      if (seen.has(id)) throw documentError(document.at(['spec', part, index, 'id']), `rule id "${id}" stands twice`);
      seen.add(id);
    });
  }
  policy.spec.deny.forEach((rule, index) => {
    const at = (...path: PropertyKey[]): ReturnType<SourceDocument['at']> => document.at(['spec', 'deny', index, ...path]);
    // Lists of paths and names are one for the node: bound to an image they would deny too much elsewhere.
    if (rule.paths.length + rule.names.length > 0 && narrower({ ...rule.where, ...policy.metadata.scope })) throw documentError(at('where'), `rule "${rule.id}": the kernel's lists of paths and names hold in every container of a node; where and scope may name a cluster only (imageOnly and memory may be narrower)`);
    for (const key of ['paths', 'names'] as const) {
      const most = key === 'paths' ? denyLimits.path : denyLimits.name;
      rule[key].forEach((text, place) => {
        if (Buffer.byteLength(text) > most) throw documentError(at(key, place), `rule "${rule.id}": "${text}" is longer than the ${most} bytes of the kernel's list`);
      });
    }
  });
  policy.spec.rules.forEach((rule, index) => {
    if (rule.undoAfter !== undefined && !rule.then.some((action) => action === 'pause' || action === 'isolate')) throw documentError(document.at(['spec', 'rules', index, 'undoAfter']), `rule "${rule.id}": undoAfter is for pause and isolate; nothing here can be taken back`);
  });
  return policy;
}

/** What is known of a rule that matched, and of who did it. */
export type Matched = { readonly rule: string; readonly ruleId?: string | undefined; readonly priority: RulePriority; readonly tags: readonly string[]; readonly process: { readonly name: string; readonly path: string } | undefined; readonly place: EventPlace };

/** One rule of one policy that asks for something. `undoAfter` in ms. */
export type Asked = { readonly policy: string; readonly rule: string; readonly enforce: boolean; readonly actions: readonly ResponseAction[]; readonly undoAfter: number | undefined };

export type Responses = {
  /** Every policy rule that speaks of the match, in the order of the policies' names. */
  ask(matched: Matched): readonly Asked[];
};

/** Compiles response policies for deciding; none of it throws later. */
export function compileResponses(policies: readonly ResponsePolicy[]): Responses {
  const compiled = [...policies].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).flatMap((policy) => policy.spec.rules.map((rule) => ({
    policy,
    rule,
    asked: { policy: policy.metadata.name, rule: rule.id, enforce: policy.spec.mode === 'enforce', actions: rule.then, undoAfter: rule.undoAfter === undefined ? undefined : parseDuration(rule.undoAfter) },
  })));
  return {
    ask: (matched) => compiled.filter(({ policy, rule }) => speaksOf(rule, matched) && inScope(policy.metadata.scope, matched.place) && meets(rule.where, matched.place)).map(({ asked }) => asked),
  };
}

function speaksOf({ when }: ResponseRule, matched: Matched): boolean {
  if (when.rules !== undefined && !namesRule(when.rules, { name: matched.rule, id: matched.ruleId })) return false;
  if (when.priority !== undefined && rulePriorities.indexOf(matched.priority) > rulePriorities.indexOf(when.priority)) return false;
  if (when.tags !== undefined && !when.tags.some((pattern) => matched.tags.some((tag) => globMatches(pattern, tag)))) return false;
  const { process } = when;
  return process === undefined || (matched.process !== undefined && (globMatches(process, matched.process.path) || globMatches(process, matched.process.name)));
}

function namesRule(patterns: readonly string[], rule: { readonly name: string; readonly id?: string | undefined }): boolean {
  return patterns.some((pattern) => globMatches(pattern, rule.name) || (rule.id !== undefined && globMatches(pattern, rule.id)));
}

/** A rule of the pack as far as prevention goes: what the kernel would need, or why it can't decide the rule alone. */
export type Preventable = {
  readonly name: string; readonly id: string; readonly priority: RulePriority; readonly tags: readonly string[]; readonly file: string; readonly line: number; readonly condition: string;
  readonly entries: readonly DenyEntry[] | { readonly reason: string };
};
export type DenyEntry = { readonly op: 'denyPath' | 'denyName' | 'denyComm' | 'denyContainer'; readonly text: string; readonly containers?: boolean; readonly upper?: boolean; readonly memfd?: boolean };

/** A rule that was asked to prevent and can't; `at` is where it was asked. */
export type Refusal = { readonly policy: string; readonly rule: string; readonly index: number; readonly reason: string };

/** Why rules asked to prevent can't: each names the rule of the pack, its file and line, its condition and the reason. */
export function refusals(policy: ResponsePolicy, pack: readonly Preventable[]): Refusal[] {
  return policy.spec.rules.flatMap((rule, index) => {
    if (!rule.then.includes('prevent')) return [];
    const refuse = (reason: string): Refusal => ({ policy: policy.metadata.name, rule: rule.id, index, reason });
    if (rule.when.process !== undefined) return [refuse('prevent with when.process: the kernel would have to decide the process too; name it in the rule, or use deny')];
    const meant = pack.filter((one) => asksFor(rule, one));
    if (meant.length === 0) return [refuse('no rule of the pack is meant, so there is nothing to prevent')];
    return meant.flatMap((one) => {
      const cannot = 'reason' in one.entries ? one.entries.reason : one.entries.some((entry) => entry.op !== 'denyContainer') && narrower({ ...rule.where, ...policy.metadata.scope }) ? 'the kernel\'s lists of paths and names hold in every container of a node, so where and scope may name a cluster only' : undefined;
      return cannot === undefined ? [] : [refuse(`${one.file}:${one.line}: rule "${one.name}" can't prevent: ${cannot}; its condition: ${one.condition.length > 300 ? `${one.condition.slice(0, 300)}…` : one.condition}`)];
    });
  });
}

function asksFor({ when }: ResponseRule, one: Preventable): boolean {
  return (when.rules === undefined || namesRule(when.rules, one)) && (when.priority === undefined || rulePriorities.indexOf(one.priority) <= rulePriorities.indexOf(when.priority)) && (when.tags === undefined || when.tags.some((pattern) => one.tags.some((tag) => globMatches(pattern, tag))));
}

/** One thing the kernel is to deny and who asked for it. Narrower than all containers: `applies` says in which. */
export type Denial = { readonly policy: string; readonly rule: string; readonly enforce: boolean; readonly entry: DenyEntry; readonly everywhere: boolean; applies(place: EventPlace): boolean };

/** Everything that response policies ask the kernel to deny. Rules that can't prevent are left out: `refusals` names them. */
export function denials(policies: readonly ResponsePolicy[], pack: readonly Preventable[]): Denial[] {
  return policies.flatMap((policy) => {
    const made = (rule: string, where: DenyRule['where'], entry: DenyEntry): Denial => ({
      policy: policy.metadata.name, rule, enforce: policy.spec.mode === 'enforce', entry, everywhere: !narrower({ ...where, ...policy.metadata.scope }),
      applies: (place) => place.container !== undefined && inScope(policy.metadata.scope, place) && meets(where, place),
    });
    const refused = new Set(refusals(policy, pack).map((one) => one.rule));
    return [
      ...policy.spec.deny.flatMap((rule) => [
        ...rule.paths.map((text) => made(rule.id, rule.where, { op: 'denyPath', text, containers: true })),
        ...rule.names.map((text) => made(rule.id, rule.where, { op: 'denyName', text, containers: true })),
        ...(rule.imageOnly || rule.memory ? [made(rule.id, rule.where, { op: 'denyContainer' as const, text: '', upper: rule.imageOnly, memfd: rule.memory })] : []),
      ]),
      ...policy.spec.rules.filter((rule) => rule.then.includes('prevent') && !refused.has(rule.id)).flatMap((rule) => pack.filter((one) => asksFor(rule, one)).flatMap((one) => ('reason' in one.entries ? [] : one.entries.map((entry) => made(rule.id, rule.where, entry))))),
    ];
  });
}

/** The first hold rule that speaks of a new container; policies by name, rules in their order. */
export function holdFor(policies: readonly ResponsePolicy[], place: EventPlace): { readonly policy: string; readonly enforce: boolean; readonly rule: HoldRule } | undefined {
  for (const policy of [...policies].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const rule = inScope(policy.metadata.scope, place) ? policy.spec.hold.find((one) => meets(one.where, place)) : undefined;
    if (rule !== undefined) return { policy: policy.metadata.name, enforce: policy.spec.mode === 'enforce', rule };
  }
  return undefined;
}
