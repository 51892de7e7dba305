import { Waiver } from '@palisade/model/waiver';
import { documentError } from '../document/yaml.ts';
import type { SourceDocument } from '../document/yaml.ts';
import { globMatches } from '../glob.ts';
import type { EventPlace } from '../response/place.ts';
import { inScope, meets } from '../response/place.ts';

/** What a waiver of a runtime rule may match. `process`: executed path or name; `file`: path the event was about; `peer`: "address:port". */
export const runtimeMatchKeys = ['rule', 'process', 'parent', 'command', 'file', 'peer'] as const;

/** What is known of a detection, each by its spellings; a key without one is not met. */
export type RuntimeFacts = Readonly<Record<string, readonly string[]>>;

export type RuntimeWaiver = {
  readonly name: string;
  readonly document: Waiver;
  matches(facts: RuntimeFacts, place: EventPlace): boolean;
  ended(now: number): boolean;
};

/** Checks what a waiver of target runtimeRule matches; throws `document-invalid` at its place. */
export function checkRuntimeMatch(document: SourceDocument, waiver: Waiver): void {
  const keys = Object.keys(waiver.spec.match);
  const refuse = (path: readonly PropertyKey[], cause: string): never => {
    throw documentError(document.at(path), cause);
  };
  for (const key of keys) if (!(runtimeMatchKeys as readonly string[]).includes(key)) refuse(['spec', 'match', key], `match has no key "${key}"; for runtimeRule it has ${runtimeMatchKeys.join(', ')}`);
  if (waiver.spec.match['rule'] === undefined) refuse(['spec', 'match'], 'match.rule is missing: which rule is not to count');
  if (waiver.spec.until === undefined || !('date' in waiver.spec.until)) refuse(['spec', 'until'], 'a waiver of a runtime rule has an end: until: {date: YYYY-MM-DD}');
}

/** Compiles active waivers of runtime rules; others are left out. Reads the plain documents; throws for one that is not a waiver. */
export function compileRuntimeWaivers(documents: readonly unknown[]): RuntimeWaiver[] {
  return documents.map((value) => Waiver.parse(value)).filter((waiver) => waiver.spec.target === 'runtimeRule').map(compileOne);
}

function compileOne(document: Waiver): RuntimeWaiver {
  const { match, where, until } = document.spec;
  const wanted = Object.entries(match);
  const last = until !== undefined && 'date' in until ? Date.parse(`${until.date}T23:59:59.999Z`) : Number.POSITIVE_INFINITY;
  return {
    name: document.metadata.name,
    document,
    matches: (facts, place) => wanted.every(([key, pattern]) => facts[key]?.some((text) => globMatches(pattern, text)) === true) && inScope(document.metadata.scope, place) && meets(where, place),
    ended: (now) => now > last,
  };
}

/** The first living waiver that speaks of it, else the first ended one. */
export function waiverOf(waivers: readonly RuntimeWaiver[], facts: RuntimeFacts, place: EventPlace, now: number): { readonly waiver: RuntimeWaiver; readonly ended: boolean } | undefined {
  const speaking = waivers.filter((waiver) => waiver.matches(facts, place));
  const living = speaking.find((waiver) => !waiver.ended(now));
  const first = living ?? speaking[0];
  return first === undefined ? undefined : { waiver: first, ended: living === undefined };
}
