import type { Bundle } from '@palisade/advisory/bundle/open';
import { matchGaps, toFindings } from '@palisade/advisory/findings';
import { matchWithoutBundle } from '@palisade/advisory/match/without-bundle';
import { prioritise } from '@palisade/advisory/priority/prioritise';
import type { PriorityContext } from '@palisade/advisory/priority/prioritise';
import { assemblePackages } from '@palisade/catalog/assemble';
import type { Analysis } from '@palisade/image/analyse';
import type { OpenedImage } from '@palisade/image/source/opened-image';
import type { Draft } from '@palisade/inspect/detector';
import { imageConfig } from '@palisade/inspect/image-config/detector';
import { binaryFilesGap, secretFindings, secretsInSettings } from '@palisade/inspect/secrets/findings';
import { secretRedactor } from '@palisade/inspect/secrets/redact';
import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import { mergeGaps } from '@palisade/model/gap';
import type { Package } from '@palisade/model/package';
import type { ScanResult } from '@palisade/model/scan-result';
import type { CompiledPolicy } from '@palisade/verdict/policy/compile';
import { evaluate } from '@palisade/verdict/policy/evaluate';
import type { CompiledWaiver, Place } from '@palisade/verdict/waiver/compile';
import type { Scanner } from './analyzers.ts';
import { secretSettings, settingsOf } from './settings.ts';

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

/** What was read of a target, before any advisory or policy is asked: it can be judged again when either changes. */
export type Reading = {
  readonly target: ScanResult['target'];
  readonly analysis: Pick<Analysis, 'facts' | 'layers' | 'gaps' | 'files' | 'bytes' | 'status' | 'content'>;
  readonly opened: Pick<OpenedImage, 'image' | 'config'> | null;
  /** Packages that the target lists itself (an SBOM): nothing is assembled from facts then. */
  readonly packages?: readonly Package[];
  /** How the process that read it was held. */
  readonly isolation?: ScanResult['isolation'];
};

/** Facts become packages and findings, findings get their priority, policies their say: the scan's one document. */
export function conclude(scanner: Scanner, reading: Reading, judgement: Judgement): ScanResult {
  const { analysis, opened, target } = reading;
  const packages = reading.packages === undefined ? assemblePackages(analysis.facts, { layers: analysis.layers.map((layer) => layer.diffId) }) : [...reading.packages];
  const redact = secretRedactor(scanner.secretRules);
  const drafts = draftsOf(scanner, reading).map((draft) => (draft.instruction === undefined ? draft : { ...draft, instruction: redact(draft.instruction) }));
  const layers = analysis.layers.map((layer) => ({ ...layer, instruction: redact(layer.instruction) }));
  const binary = binaryFilesGap(analysis.facts);
  return judge(
    {
      target,
      status: analysis.status,
      content: analysis.content,
      gaps: [...analysis.gaps, ...(binary === undefined ? [] : [binary])],
      image: opened === null ? null : { ...opened.image, layers, ...(opened.image.labels === undefined ? {} : { labels: redactLabels(opened.image.labels, redact) }) },
      lookedAt: { files: analysis.files, bytes: analysis.bytes, layers: Math.max(1, layers.length), detectors: reading.packages === undefined ? scanner.analyzers.map((analyzer) => analyzer.id) : ['sbom'] },
      ...(reading.isolation === undefined ? {} : { isolation: reading.isolation }),
      packages,
    },
    drafts,
    judgement,
  );
}

/** A target whose reading was ended: nothing is known of it, which the policies hear as a failed scan. */
export function failedScan(target: ScanResult['target'], failed: { readonly kind: string; readonly reason: string }, isolation: ScanResult['isolation'], judgement: Judgement): ScanResult {
  return judge({ target: { kind: target.kind, ref: target.ref }, status: 'failed', content: 'headers', gaps: [{ kind: failed.kind, subject: target.ref, reason: failed.reason, count: 1 }], image: null, packages: [], ...(isolation === undefined ? {} : { isolation }) }, [], judgement);
}

function redactLabels(labels: Readonly<Record<string, string>>, redact: (text: string) => string): Record<string, string> {
  // "name=value" is what the rules know; the name itself is no secret.
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, redact(`${name}=${value}`).slice(name.length + 1)]));
}

/** A scan without feed, findings and verdict. */
export type Unjudged = Pick<ScanResult, 'target' | 'status' | 'content' | 'gaps' | 'image' | 'lookedAt' | 'packages' | 'isolation'>;

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

function draftsOf(scanner: Scanner, { analysis, opened }: Reading): Draft[] {
  const settings = opened === null ? null : settingsOf(opened.config, opened.image.base);
  return [
    ...imageConfig.inspect({ settings, facts: analysis.facts }),
    ...secretFindings(analysis.facts, scanner.secretRules),
    ...(opened === null || settings === null ? [] : secretsInSettings(secretSettings(settings, opened.config), scanner.secretRules)),
  ];
}
