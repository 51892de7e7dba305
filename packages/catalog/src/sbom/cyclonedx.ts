import { packagesOf } from './entry.ts';
import type { SbomEntry, SbomSystem } from './entry.ts';
import { cycloneDxProblem, cycloneDxVersions } from './cyclonedx-schema.ts';
import { sbomLimits, UnreadableSbom } from './document.ts';
import type { Sbom } from './document.ts';

/** The parts of a component that matter here; the schema has checked their types. */
type Component = {
  readonly type?: string;
  readonly 'bom-ref'?: string;
  readonly group?: string;
  readonly name?: string;
  readonly version?: string;
  readonly purl?: string;
  readonly scope?: string;
  readonly licenses?: readonly { readonly expression?: string; readonly license?: { readonly id?: string; readonly name?: string } }[];
  readonly properties?: readonly { readonly name?: string; readonly value?: string }[];
  readonly evidence?: { readonly occurrences?: readonly { readonly location?: string }[] };
  readonly components?: readonly Component[];
};
type Document = { readonly specVersion?: unknown; readonly metadata?: { readonly component?: Component }; readonly components?: readonly Component[] };

/** Kinds of components that no package manager installs. */
const notPackages = new Set(['operating-system', 'container', 'file', 'device', 'device-driver', 'firmware', 'data', 'machine-learning-model', 'cryptographic-asset', 'platform']);

/** Reads a CycloneDX document given as its JSON form; throws UnreadableSbom where it breaks the schema of its version. */
export function readCycloneDx(value: object, subject: string, encoding: 'JSON' | 'XML'): Sbom {
  const document = value as Document;
  const version = cycloneDxVersions.find((known) => known === document.specVersion);
  if (version === undefined) throw new UnreadableSbom(subject, 'specVersion', `"${String(document.specVersion)}" is not one of ${cycloneDxVersions.join(', ')}`);
  const problem = cycloneDxProblem(version, value);
  if (problem !== undefined) throw new UnreadableSbom(subject, problem.place, problem.cause);
  const components = [...walk(document.components ?? [], subject, 0)];
  checkReferences(components, subject);
  const described = components.find((one) => one.type === 'operating-system');
  const system: SbomSystem | undefined = described?.name === undefined ? undefined : { id: described.name, version: described.version ?? '' };
  const { packages, gaps } = packagesOf(entriesOf(components), system);
  return { format: `CycloneDX ${version} ${encoding}`, packages, gaps, entries: components.length };
}

function* walk(components: readonly Component[], subject: string, depth: number): Generator<Component> {
  if (depth > sbomLimits.depth) throw new UnreadableSbom(subject, 'components', `nested deeper than ${sbomLimits.depth}`);
  for (const component of components) {
    yield component;
    if (component.components !== undefined) yield* walk(component.components, subject, depth + 1);
  }
}

function checkReferences(components: readonly Component[], subject: string): void {
  if (components.length > sbomLimits.entries) throw new UnreadableSbom(subject, 'components', `more than ${sbomLimits.entries}`);
  const seen = new Set<string>();
  for (const component of components) {
    const ref = component['bom-ref'];
    if (ref === undefined) continue;
    if (seen.has(ref)) throw new UnreadableSbom(subject, 'components', `the bom-ref "${ref.slice(0, 100)}" stands for two components`);
    seen.add(ref);
  }
}

function* entriesOf(components: readonly Component[]): Generator<SbomEntry> {
  for (const component of components) {
    if (notPackages.has(component.type ?? '') && component.purl === undefined) continue;
    const properties = new Map((component.properties ?? []).map((one) => [one.name ?? '', one.value ?? '']));
    const source = sourceOf(properties);
    const layer = properties.get('palisade:layer:diffId') ?? properties.get('aquasecurity:trivy:LayerDiffID') ?? properties.get('syft:location:0:layerID');
    const paths = [...(component.evidence?.occurrences ?? []).map((one) => one.location ?? ''), properties.get('syft:location:0:path') ?? '', properties.get('aquasecurity:trivy:FilePath') ?? ''].map((one) => one.replace(/^\//, ''));
    yield {
      purl: component.purl,
      name: component.name ?? '',
      version: component.version ?? '',
      licenses: (component.licenses ?? []).map((one) => one.expression ?? one.license?.id ?? one.license?.name ?? '').filter((text) => text !== ''),
      paths: [...new Set(paths)].filter((one) => one !== ''),
      ...(layer === undefined || layer === '' ? {} : { layer }),
      ...(source === undefined ? {} : { source }),
      ...(component.scope === 'excluded' ? { dev: true } : {}),
    };
  }
}

function sourceOf(properties: ReadonlyMap<string, string>): { name: string; version: string } | undefined {
  const own = /^(\S+) (\S+)$/.exec(properties.get('palisade:source') ?? '');
  if (own !== null) return { name: own[1] ?? '', version: own[2] ?? '' };
  const name = properties.get('aquasecurity:trivy:SrcName');
  const version = properties.get('aquasecurity:trivy:SrcVersion');
  if (name === undefined || version === undefined) return undefined;
  const epoch = properties.get('aquasecurity:trivy:SrcEpoch');
  const release = properties.get('aquasecurity:trivy:SrcRelease');
  return { name, version: `${epoch === undefined ? '' : `${epoch}:`}${version}${release === undefined ? '' : `-${release}`}` };
}
