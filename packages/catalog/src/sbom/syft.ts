import { z } from 'zod';
import { sbomLimits, UnreadableSbom } from './document.ts';
import type { Sbom } from './document.ts';
import { packagesOf } from './entry.ts';
import type { SbomEntry } from './entry.ts';

const text = z.string().nullish();
const Syft = z.looseObject({
  artifacts: z
    .array(
      z.looseObject({
        name: z.string(),
        version: z.string(),
        purl: text,
        locations: z.array(z.looseObject({ path: text, layerID: text })).nullish(),
        licenses: z.array(z.union([z.string(), z.looseObject({ value: text, spdxExpression: text })])).nullish(),
        metadata: z.looseObject({ source: text, sourceVersion: text, sourceRpm: text }).nullish(),
      }),
    )
    .max(sbomLimits.entries),
  distro: z.looseObject({ id: text, versionID: text }).nullish(),
  schema: z.looseObject({ version: z.string() }),
});

/** Reads Syft's own JSON; throws UnreadableSbom naming the place that is wrong. */
export function readSyft(value: object, subject: string): Sbom {
  const parsed = Syft.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableSbom(subject, issue?.path.join('/') ?? '', issue?.message ?? 'is no Syft document');
  }
  const { artifacts, distro, schema } = parsed.data;
  const entries = artifacts.map((one): SbomEntry => {
    const source = one.metadata?.source ?? '';
    const sourceVersion = one.metadata?.sourceVersion ?? '';
    const layer = one.locations?.[0]?.layerID ?? '';
    return {
      purl: one.purl ?? undefined,
      name: one.name,
      version: one.version,
      paths: (one.locations ?? []).map((place) => (place.path ?? '').replace(/^\//, '')).filter((path) => path !== ''),
      licenses: (one.licenses ?? []).map((license) => (typeof license === 'string' ? license : license.spdxExpression || license.value || '')).filter((license) => license !== ''),
      ...(layer === '' ? {} : { layer }),
      ...(source === '' ? {} : { source: { name: source, version: sourceVersion === '' ? one.version : sourceVersion } }),
    };
  });
  const system = distro?.id == null || distro.id === '' ? undefined : { id: distro.id, version: distro.versionID ?? '' };
  return { format: `Syft JSON ${schema.version}`, ...packagesOf(entries, system), entries: artifacts.length };
}
