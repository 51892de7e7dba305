import { assemblePackages } from '@palisade/catalog/assemble';
import type { Analysis } from '@palisade/image/analyse';
import type { OpenedImage } from '@palisade/image/source/opened-image';
import type { Draft } from '@palisade/inspect/detector';
import { imageConfig } from '@palisade/inspect/image-config/detector';
import { binaryFilesGap, secretFindings, secretsInSettings } from '@palisade/inspect/secrets/findings';
import { secretRedactor } from '@palisade/inspect/secrets/redact';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Scanner } from './analyzers.ts';
import { secretSettings, settingsOf } from './settings.ts';

/** What was read of a target, fact by fact. */
export type Reading = {
  readonly target: ScanResult['target'];
  readonly analysis: Pick<Analysis, 'facts' | 'layers' | 'gaps' | 'files' | 'bytes' | 'status' | 'content'>;
  readonly opened: Pick<OpenedImage, 'image' | 'config'> | null;
};

/** A scan without feed, findings and verdict. */
export type Unjudged = Pick<ScanResult, 'target' | 'status' | 'content' | 'gaps' | 'image' | 'lookedAt' | 'packages' | 'isolation'>;

/** A target described, before any advisory or policy is asked; `notices` tell of rules that were left out. */
export type Described = { readonly scan: Unjudged; readonly drafts: readonly Draft[]; readonly notices: readonly string[] };

/** Facts become packages and drafts of findings; what is shown of instructions and labels loses its secrets. */
export function describe(scanner: Scanner, reading: Reading): Described {
  const { analysis, opened, target } = reading;
  const packages = assemblePackages(analysis.facts, { layers: analysis.layers.map((layer) => layer.diffId) });
  const redact = secretRedactor(scanner.secretRules);
  const drafts = draftsOf(scanner, reading).map((draft) => (draft.instruction === undefined ? draft : { ...draft, instruction: redact(draft.instruction) }));
  const layers = analysis.layers.map((layer) => ({ ...layer, instruction: redact(layer.instruction) }));
  const binary = binaryFilesGap(analysis.facts);
  return {
    scan: {
      target,
      status: analysis.status,
      content: analysis.content,
      gaps: [...analysis.gaps, ...(binary === undefined ? [] : [binary])],
      image: opened === null ? null : { ...opened.image, layers, ...(opened.image.labels === undefined ? {} : { labels: redactLabels(opened.image.labels, redact) }) },
      lookedAt: { files: analysis.files, bytes: analysis.bytes, layers: Math.max(1, layers.length), detectors: scanner.analyzers.map((analyzer) => analyzer.id) },
      packages,
    },
    drafts,
    notices: scanner.secretRules.notices,
  };
}

function redactLabels(labels: Readonly<Record<string, string>>, redact: (text: string) => string): Record<string, string> {
  // "name=value" is what the rules know; the name itself is no secret.
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, redact(`${name}=${value}`).slice(name.length + 1)]));
}

function draftsOf(scanner: Scanner, { analysis, opened }: Reading): Draft[] {
  const settings = opened === null ? null : settingsOf(opened.config, opened.image.base);
  return [
    ...imageConfig.inspect({ settings, facts: analysis.facts }),
    ...secretFindings(analysis.facts, scanner.secretRules),
    ...(opened === null || settings === null ? [] : secretsInSettings(secretSettings(settings, opened.config), scanner.secretRules)),
  ];
}
