import type { CelInput } from '@bufbuild/cel';
import type { Container } from '@palisade/model/container';
import type { Finding } from '@palisade/model/finding';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Verdict } from '@palisade/model/verdict';
import type { CompiledWaiver, Place } from '../waiver/compile.ts';
import { findingBinding, imageBinding, scanBinding, workloadBinding } from './bindings.ts';
import type { CompiledPolicy, CompiledRule } from './compile.ts';

export type Question = {
  readonly scan: ScanResult;
  readonly policies: readonly CompiledPolicy[];
  readonly waivers?: readonly CompiledWaiver[];
  readonly place?: Omit<Place, 'images'>;
  readonly workload?: Container;
  /** Milliseconds since the epoch. */
  readonly now: number;
};

type Decision = 'allow' | 'warn' | 'deny';
type Reason = Verdict['reasons'][number];
const weight: Readonly<Record<Decision, number>> = { allow: 0, warn: 1, deny: 2 };
/** Seconds of the units of `maxFeedAge`. */
const seconds: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 604_800 };

/**
 * The one answer to "may this image pass". Waived findings are set aside first; then each policy's rules are asked
 * in order and the first that matches a finding decides it (so an `allow` above a `deny` is an exception). A rule
 * that does not read `finding` matches the scan as a whole and every finding not decided yet. What cannot be
 * known (uncovered packages, a rule that fails) counts as `onUnknown`. The worst decision wins.
 */
export function evaluate(question: Question): Verdict {
  const { policies } = question;
  const waiving = waive(question);
  if (policies.length === 0) return { result: 'none', reasons: [], ...waiving.report };
  const reasons: Reason[] = [];
  let result: Decision = 'allow';
  for (const policy of policies) {
    const found = judge(policy, question, waiving.left);
    reasons.push(...found.reasons);
    const capped = cap(found.result, policy.document.spec.mode);
    if (weight[capped] > weight[result]) result = capped;
  }
  return { result, reasons, ...waiving.report };
}

function cap(result: Decision, mode: 'monitor' | 'warn' | 'enforce'): Decision {
  if (mode === 'monitor') return 'allow';
  return mode === 'warn' && result === 'deny' ? 'warn' : result;
}

function judge(policy: CompiledPolicy, question: Question, findings: readonly Finding[]): { result: Decision; reasons: Reason[] } {
  const { spec, metadata } = policy.document;
  const reasons: Reason[] = [];
  let result: Decision = 'allow';
  const add = (rule: string, decision: Decision, ids: readonly string[], because?: Reason['because']): void => {
    if (weight[decision] > weight[result]) result = decision;
    if (decision !== 'allow') reasons.push({ policy: metadata.name, rule, result: decision, findings: [...ids], ...(because === undefined ? {} : { because }) });
  };
  for (const standing of standingConditions(policy, question, findings)) add(standing.rule, standing.decision, standing.findings, standing.because);
  for (const outcome of askRules(policy.rules, question, findings)) {
    if (outcome.matched !== undefined) add(outcome.rule.id, outcome.rule.then, outcome.matched, outcome.rule.because);
    if (outcome.failed.length > 0 || outcome.failedOnScan) {
      const why = outcome.cause ?? '';
      add(outcome.rule.id, spec.onUnknown, outcome.failed, { en: `the rule could not be decided: ${why}`, 'zh-CN': `规则无法判定：${why}` });
    }
  }
  return { result, reasons };
}

type Outcome = { readonly rule: CompiledRule['rule']; matched?: string[]; failed: string[]; failedOnScan: boolean; cause?: string };

function askRules(rules: readonly CompiledRule[], question: Question, findings: readonly Finding[]): Outcome[] {
  const { scan } = question;
  const bindings: Record<string, CelInput> = { image: imageBinding(scan), scan: scanBinding(scan) };
  if (question.workload !== undefined) bindings['workload'] = workloadBinding(question.workload);
  const packages = new Map(scan.packages.map((found) => [found.purl, found]));
  const baseLayers = new Set(scan.image?.layers.filter((layer) => layer.base).map((layer) => layer.diffId));
  let open = findings.map((finding) => ({ id: finding.id, binding: findingBinding(finding, packages, baseLayers) }));
  const outcomes: Outcome[] = [];
  for (const { rule, condition } of rules) {
    const outcome: Outcome = { rule, failed: [], failedOnScan: false };
    outcomes.push(outcome);
    if (!condition.variables.has('finding')) {
      const answer = condition.test(bindings);
      if (answer === true) {
        outcome.matched = open.map((finding) => finding.id);
        open = [];
      } else if (answer !== false) {
        outcome.failedOnScan = true;
        outcome.cause = answer.failed;
      }
      continue;
    }
    const still: typeof open = [];
    for (const finding of open) {
      const answer = condition.test({ ...bindings, finding: finding.binding });
      if (answer === true) (outcome.matched ??= []).push(finding.id);
      else {
        still.push(finding);
        if (answer !== false) {
          outcome.failed.push(finding.id);
          outcome.cause ??= answer.failed;
        }
      }
    }
    open = still;
  }
  return outcomes;
}

type Standing = { rule: string; decision: Decision; findings: readonly string[]; because: { en: string; 'zh-CN': string } };

/** What a policy demands of every scan, whatever its rules say. */
function standingConditions(policy: CompiledPolicy, question: Question, findings: readonly Finding[]): Standing[] {
  const { spec } = policy.document;
  const { scan } = question;
  const found: Standing[] = [];
  const unknown = findings.filter((finding) => finding.answer === 'unknown').map((finding) => finding.id);
  const feedGaps = scan.gaps.filter((gap) => gap.kind.startsWith('feed-'));
  if (unknown.length > 0 || feedGaps.length > 0) {
    const why = feedGaps[0]?.reason ?? findings.find((finding) => finding.answer === 'unknown')?.reason ?? '';
    found.push({ rule: 'onUnknown', decision: spec.onUnknown, findings: unknown, because: { en: `not everything could be answered: ${why}`, 'zh-CN': `存在无法判定的内容：${why}` } });
  }
  if (scan.status !== 'complete') {
    const why = scan.gaps.map((gap) => gap.kind).slice(0, 3).join(', ');
    found.push({ rule: 'onPartial', decision: scan.status === 'failed' ? 'deny' : spec.onPartial, findings: [], because: { en: `the scan is ${scan.status}: ${why}`, 'zh-CN': `扫描未完整（${scan.status}）：${why}` } });
  }
  if (spec.maxFeedAge !== undefined) {
    const limit = Number.parseInt(spec.maxFeedAge, 10) * (seconds[spec.maxFeedAge.slice(-1)] ?? 0);
    if (scan.feed === null) found.push({ rule: 'maxFeedAge', decision: 'deny', findings: [], because: { en: 'there is no vulnerability feed', 'zh-CN': '没有漏洞数据源' } });
    else if (scan.feed.age > limit) {
      const days = Math.floor(scan.feed.age / 86_400);
      found.push({ rule: 'maxFeedAge', decision: 'deny', findings: [], because: { en: `the feed is ${days} days old, allowed are ${spec.maxFeedAge}`, 'zh-CN': `漏洞数据已有 ${days} 天，超过允许的 ${spec.maxFeedAge}` } });
    }
  }
  if (spec.content === 'verified' && scan.content !== 'verified') {
    found.push({ rule: 'content', decision: 'deny', findings: [], because: { en: 'the content was not verified; scan with --verify', 'zh-CN': '内容未经校验；请使用 --verify 扫描' } });
  }
  return found;
}

type Waiving = { readonly left: readonly Finding[]; readonly report: Pick<Verdict, 'waived' | 'unusedWaivers'> };

function waive(question: Question): Waiving {
  const { scan, now } = question;
  const place: Place = { ...question.place, images: [scan.target.ref, ...(scan.image?.names ?? [])] };
  const waived: Verdict['waived'] = [];
  const unused: NonNullable<Verdict['unusedWaivers']> = [];
  let left: readonly Finding[] = scan.findings;
  for (const waiver of question.waivers ?? []) {
    const { until, reason } = waiver.document.spec;
    const named = waiver.appliesTo(place) ? scan.findings.filter((finding) => waiver.matches(finding)) : [];
    const live = named.filter((finding) => !waiver.ended(finding, now));
    const end = until === undefined ? undefined : 'date' in until ? until.date : 'fixAvailable';
    const alive = new Set(live.map((finding) => finding.id));
    for (const finding of left) if (alive.has(finding.id)) waived.push({ finding: finding.id, waiver: waiver.name, reason, ...(end === undefined ? {} : { until: end }) });
    left = left.filter((finding) => !alive.has(finding.id));
    if (live.length > 0) continue;
    if (waiver.ended(undefined, now)) unused.push({ waiver: waiver.name, state: 'expired', detail: `ended on ${end ?? ''}` });
    else if (named.length > 0) unused.push({ waiver: waiver.name, state: 'expired', detail: `a fix is available: ${named[0]?.fixed ?? ''}` });
    else unused.push({ waiver: waiver.name, state: 'unmatched', detail: 'no finding of this scan matches' });
  }
  return { left, report: { waived, ...(unused.length > 0 ? { unusedWaivers: unused } : {}) } };
}
