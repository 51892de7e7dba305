import type { Finding } from '@palisade/model/finding';
import type { Scope } from '@palisade/model/scope';
import { Waiver } from '@palisade/model/waiver';
import { checkDocument, documentError, kindOf, readDocuments } from '../document/yaml.ts';
import type { SourceDocument } from '../document/yaml.ts';
import { globMatches } from '../glob.ts';
import { imageSpellings } from '../image-name.ts';
import { checkRuntimeMatch } from './runtime.ts';

/** Where the scanned thing is and what it is called: `images` are all the names one image goes by. */
export type Place = Scope & { readonly workload?: string; readonly images: readonly string[] };

export type CompiledWaiver = {
  readonly document: Waiver;
  readonly name: string;
  /** Does the waiver speak of this place at all? */
  appliesTo(place: Place): boolean;
  /** Does it speak of this finding? Says nothing of its end. */
  matches(finding: Finding): boolean;
  /** Whether its end has come for this finding. */
  ended(finding: Finding | undefined, now: number): boolean;
};

/** Targets that are findings of a scan; the others are compiled into the engines they belong to. */
const findingTargets: ReadonlySet<string> = new Set(['vulnerability', 'misconfiguration', 'secret', 'malware']);
const matchKeys: ReadonlySet<string> = new Set(['rule', 'package', 'path']);

/**
 * Reads every waiver of a YAML text (one or more documents) or one given document. Throws `document-invalid`
 * naming file, line and column. Waivers of other targets than findings are checked and left out.
 */
export function compileWaivers(source: string | object, options: { readonly file?: string } = {}): CompiledWaiver[] {
  const file = options.file ?? 'waivers';
  const compiled: CompiledWaiver[] = [];
  for (const document of readDocuments(typeof source === 'string' ? source : JSON.stringify(source, null, 2), file)) {
    const waiver = checkWaiver(document);
    if (findingTargets.has(waiver.spec.target)) compiled.push(compileOne(waiver));
  }
  return compiled;
}

/** Reads one document as a waiver; throws at its first fault. */
export function checkWaiver(document: SourceDocument): Waiver {
  const kind = kindOf(document);
  if (kind !== 'Waiver') throw documentError(document.at(['kind']), `kind is "${kind}", not Waiver`);
  const waiver = checkDocument(document, Waiver);
  if (findingTargets.has(waiver.spec.target)) checkMatch(document, waiver);
  if (waiver.spec.target === 'runtimeRule') checkRuntimeMatch(document, waiver);
  return waiver;
}

function checkMatch(document: SourceDocument, waiver: Waiver): void {
  const keys = Object.keys(waiver.spec.match);
  if (keys.length === 0) throw documentError(document.at(['spec', 'match']), 'match is empty: a waiver of everything is refused; write rule: "*" if that is meant');
  for (const key of keys) {
    if (!matchKeys.has(key)) throw documentError(document.at(['spec', 'match', key]), `match has no key "${key}"; it has ${[...matchKeys].join(', ')}`);
  }
}

function compileOne(document: Waiver): CompiledWaiver {
  const { target, match, where, until } = document.spec;
  const { scope } = document.metadata;
  const lastMoment = until !== undefined && 'date' in until ? Date.parse(`${until.date}T23:59:59.999Z`) : Number.POSITIVE_INFINITY;
  const untilFix = until !== undefined && 'fixAvailable' in until;
  return {
    document,
    name: document.metadata.name,
    appliesTo(place) {
      // The scope says whose the document is: it shuts out only a place known to be another.
      for (const key of ['cluster', 'namespace', 'project'] as const) {
        const known = place[key];
        if (scope[key] !== undefined && known !== undefined && known !== scope[key]) return false;
      }
      for (const key of ['cluster', 'namespace', 'project', 'workload'] as const) {
        const wanted = where[key];
        if (wanted !== undefined && !globMatches(wanted, place[key] ?? '')) return false;
      }
      const { image } = where;
      return image === undefined || place.images.some((name) => imageSpellings(name).some((spelling) => globMatches(image, spelling)));
    },
    matches(finding) {
      if (finding.kind !== target) return false;
      const rule = match['rule'];
      if (rule !== undefined && ![finding.rule, ...(finding.aliases ?? [])].some((id) => globMatches(rule, id))) return false;
      const wantedPackage = match['package'];
      if (wantedPackage !== undefined && !packageSpellings(finding.package).some((purl) => globMatches(unescaped(wantedPackage), purl))) return false;
      const path = match['path'];
      return path === undefined || (finding.path !== undefined && globMatches(relative(path), relative(finding.path)));
    },
    ended(finding, now) {
      if (now > lastMoment) return true;
      return untilFix && finding !== undefined && (finding.fixed ?? '') !== '';
    },
  };
}

function relative(path: string): string {
  return path.replace(/^\/+/, '');
}

function unescaped(purl: string): string {
  return purl.replaceAll('%40', '@').replaceAll('%2B', '+').replaceAll('%2b', '+').replaceAll('%3A', ':').replaceAll('%3a', ':');
}

/** A purl as people write it: whole, without qualifiers, and without version too. */
function packageSpellings(purl: string | undefined): string[] {
  if (purl === undefined) return [];
  const whole = unescaped(purl);
  const bare = whole.replace(/[?#].*$/s, '');
  const at = bare.lastIndexOf('@');
  const unversioned = at > bare.lastIndexOf('/') && bare[at - 1] !== '/' ? bare.slice(0, at) : bare;
  return [...new Set([whole, bare, unversioned])];
}
