import type { Bundle } from '@palisade/advisory/bundle/open';
import { matchGaps, toFindings } from '@palisade/advisory/findings';
import { matchWithoutBundle } from '@palisade/advisory/match/without-bundle';
import { prioritise } from '@palisade/advisory/priority/prioritise';
import type { PriorityContext } from '@palisade/advisory/priority/prioritise';
import type { Draft } from '@palisade/inspect/detector';
import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import { mergeGaps } from '@palisade/model/gap';
import type { Package } from '@palisade/model/package';
import type { ScanResult } from '@palisade/model/scan-result';
import type { CompiledPolicy } from '@palisade/verdict/policy/compile';
import { evaluate } from '@palisade/verdict/policy/evaluate';
import type { CompiledWaiver, Place } from '@palisade/verdict/waiver/compile';
import type { Unjudged } from './describe.ts';

/** Where the scanned thing runs, which raises priorities; left out: not looked at. */
export type Running = Pick<PriorityContext, 'running' | 'exposed' | 'privileged'>;

export type Judgement = {
  readonly bundle: Bundle | null;
  readonly policies: readonly CompiledPolicy[];
  readonly waivers: readonly CompiledWaiver[];
  readonly place?: Omit<Place, 'images'>;
  readonly running?: Running;
  readonly now: Date;
};

/** A target whose reading was ended: nothing is known of it, which the policies hear as a failed scan. */
export function failedScan(target: ScanResult['target'], failed: { readonly kind: string; readonly reason: string }, isolation: ScanResult['isolation'], judgement: Judgement): ScanResult {
  return judge({ target: { kind: target.kind, ref: target.ref }, status: 'failed', content: 'headers', gaps: [{ kind: failed.kind, subject: target.ref, reason: failed.reason, count: 1 }], image: null, packages: [], ...(isolation === undefined ? {} : { isolation }) }, [], judgement);
}

/** Matches packages, adds the detectors' drafts and asks the policies. */
export function judge(scan: Unjudged, drafts: readonly Draft[], judgement: Judgement): ScanResult {
  const { bundle, running = {} } = judgement;
  const layers = scan.image?.layers ?? [];
  const matches = bundle === null ? matchWithoutBundle(scan.packages) : bundle.match(scan.packages);
  const byLayer = new Map(layers.map((layer) => [layer.diffId, layer]));
  const inspected = drafts.map((draft): Finding => {
    const layer = draft.layer === undefined ? undefined : byLayer.get(draft.layer);
    const placed = layer === undefined || draft.instruction !== undefined ? draft : { ...draft, instruction: layer.instruction };
    return { ...placed, priority: prioritise(placed, { ...running, ...(layer === undefined ? {} : { inBase: layer.base }) }) };
  });
  const findings = [...toFindings(matches, { bundle, layers, ...running }), ...inspected].sort((a, b) => b.priority.score - a.priority.score || (a.id < b.id ? -1 : 1));
  const result: ScanResult = {
    schema: 'palisade.scan/1',
    ...scan,
    gaps: withFeedGap(mergeGaps([...scan.gaps, ...matchGaps(matches)]), scan.packages, bundle),
    feed: bundle === null ? null : bundle.summary(judgement.now),
    findings,
    verdict: { result: 'none', reasons: [], waived: [] },
  };
  const { policies, waivers, place } = judgement;
  return { ...result, verdict: evaluate({ scan: result, policies, waivers, ...(place === undefined ? {} : { place }), now: judgement.now.getTime() }) };
}

/** Without a bundle nothing is known of vulnerabilities, also where no package was found. */
function withFeedGap(gaps: Gap[], packages: readonly Package[], bundle: Bundle | null): Gap[] {
  if (bundle !== null || gaps.some((gap) => gap.kind.startsWith('feed-'))) return gaps;
  return [...gaps, { kind: 'feed-missing', subject: 'vulnerabilities', reason: 'no vulnerability feed is installed', count: Math.max(1, packages.length) }];
}
