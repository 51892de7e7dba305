import type { Bundle } from '@palisade/advisory/bundle/open';
import { openBundle } from '@palisade/advisory/bundle/open';
import { matchGaps, toFindings } from '@palisade/advisory/findings';
import { prioritise } from '@palisade/advisory/priority/prioritise';
import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import { covers } from '@palisade/model/scope';
import type { FeedSummary, ScanResult } from '@palisade/model/scan-result';
import type { Verdict } from '@palisade/model/verdict';
import { compileGatePolicy } from '@palisade/verdict/policy/compile';
import type { CompiledPolicy } from '@palisade/verdict/policy/compile';
import { evaluate } from '@palisade/verdict/policy/evaluate';
import { compileWaivers } from '@palisade/verdict/waiver/compile';
import type { CompiledWaiver } from '@palisade/verdict/waiver/compile';
import { feedGapKinds } from './question.ts';
import type { Counted, Judged, Question, Setup } from './question.ts';

export type Judge = { ask(question: Question): Judged; close(): void };

type Scoped<T> = { readonly counted: Counted; readonly compiled: T };

/** Compiles a setup once, for many questions. Throws when the bundle cannot be opened or a document does not compile. */
export function openJudge(setup: Setup): Judge {
  const policies = setup.policies.map((counted): Scoped<CompiledPolicy> => ({ counted, compiled: compileGatePolicy(counted.document) }));
  // Names repeat between scopes, ids don't: inside the evaluator a waiver goes by its id.
  const waivers = setup.waivers.flatMap((counted) => compileWaivers(scoped(counted)).map((one): Scoped<CompiledWaiver> => ({ counted, compiled: { ...one, name: counted.id } })));
  const bundle = setup.feed === null ? null : openBundle(setup.feed);
  return {
    ask(question) {
      const matched = question.match && bundle !== null ? matchAgain(question, bundle) : { findings: repriced(question.scan.findings, question), feed: aged(question.scan.feed, question.now) };
      const scan: ScanResult = { ...question.scan, findings: [...matched.findings], feed: matched.feed, gaps: 'gaps' in matched ? [...withoutFeedGaps(question.scan.gaps), ...matched.gaps] : question.scan.gaps };
      return { ...matched, ...decide(scan, question, policies, waivers) };
    },
    close: () => bundle?.close(),
  };
}

function scoped({ document, scope }: Counted): object {
  return { ...document, metadata: { ...document.metadata, scope } };
}

function withoutFeedGaps(gaps: readonly Gap[]): Gap[] {
  return gaps.filter((gap) => !feedGapKinds.includes(gap.kind));
}

function matchAgain(question: Question, bundle: Bundle): { findings: Finding[]; gaps: Gap[]; feed: FeedSummary } {
  const { scan, running } = question;
  const matches = bundle.match(scan.packages);
  const fresh = toFindings(matches, { bundle, layers: scan.image?.layers ?? [], ...running });
  const others = repriced(scan.findings.filter((finding) => finding.kind !== 'vulnerability'), question);
  return { findings: [...fresh, ...others], gaps: matchGaps(matches), feed: bundle.summary(new Date(question.now)) };
}

/** Where an image runs changes what is urgent, so priorities are computed from what the console knows of it now. */
function repriced(findings: readonly Finding[], { scan, running }: Question): Finding[] {
  const layers = new Map((scan.image?.layers ?? []).map((layer) => [layer.diffId, layer]));
  return findings.map((finding) => {
    const layer = finding.layer === undefined ? undefined : layers.get(finding.layer);
    const exploit = finding.priority.parts.some((part) => part.name === 'exploit' && part.value > 0);
    return { ...finding, priority: prioritise(finding, { ...running, ...(layer === undefined ? {} : { inBase: layer.base }), ...(exploit ? { exploit } : {}) }) };
  });
}

function aged(feed: FeedSummary | null, now: string): FeedSummary | null {
  if (feed === null) return null;
  const age = Math.round((Date.parse(now) - Date.parse(feed.built)) / 1000);
  return { ...feed, age: Number.isFinite(age) ? Math.max(0, age) : feed.age };
}

type Decided = Pick<Judged, 'verdict' | 'waived' | 'uses'>;
const weight = { none: 0, allow: 1, warn: 2, deny: 3 } as const;

/**
 * An image may run in several projects, each with its own policies and waivers: the verdict is the worst of them, and a
 * finding counts as waived only where every place waives it.
 */
function decide(scan: ScanResult, question: Question, policies: readonly Scoped<CompiledPolicy>[], waivers: readonly Scoped<CompiledWaiver>[]): Decided {
  const images = [scan.target.ref, ...(scan.image?.names ?? [])];
  const seen = new Set<string>();
  let worst: Verdict | undefined;
  let waived: Map<string, Verdict['waived'][number]> | undefined;
  const uses = new Map<string, Set<string>>();
  for (const place of question.places) {
    const here = policies.filter((policy) => covers(policy.counted.scope, place));
    const given = waivers.filter((waiver) => waiver.compiled.appliesTo({ ...place, images }));
    const signature = JSON.stringify([here.map((policy) => policy.counted.id), given.map((waiver) => waiver.counted.id)]);
    if (seen.has(signature)) continue;
    seen.add(signature);
    const verdict = evaluate({ scan, policies: here.map((policy) => policy.compiled), waivers: given.map((waiver) => waiver.compiled), place, now: Date.parse(question.now) });
    const set = new Map(verdict.waived.map((one) => [one.finding, one]));
    waived = waived === undefined ? set : new Map([...waived].filter(([finding]) => set.has(finding)));
    for (const one of verdict.waived) uses.set(one.waiver, (uses.get(one.waiver) ?? new Set()).add(one.finding));
    worst = worst === undefined || weight[verdict.result] > weight[worst.result] ? { ...verdict, reasons: together(verdict.reasons, worst?.reasons ?? []) } : { ...worst, reasons: together(worst.reasons, verdict.reasons) };
  }
  const names = new Map(waivers.map((waiver) => [waiver.counted.id, waiver.counted.document.metadata.name]));
  const kept = [...(waived ?? new Map<string, Verdict['waived'][number]>()).values()];
  return {
    // Which waivers did nothing is a question about all images, answered on the waivers' page.
    verdict: { result: worst?.result ?? 'none', reasons: worst?.reasons ?? [], waived: kept.map((one) => ({ ...one, waiver: names.get(one.waiver) ?? one.waiver })) },
    waived: Object.fromEntries(kept.map((one) => [one.finding, one.waiver])),
    uses: Object.fromEntries([...uses].map(([id, findings]) => [id, findings.size])),
  };
}

function together(first: Verdict['reasons'], second: Verdict['reasons']): Verdict['reasons'] {
  const known = new Set(first.map((reason) => JSON.stringify(reason)));
  return [...first, ...second.filter((reason) => !known.has(JSON.stringify(reason)))];
}
