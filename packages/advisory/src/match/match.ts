import { messageOf } from '@palisade/model/error';
import type { Package } from '@palisade/model/package';
import type { Bundle } from '../bundle/open.ts';
import { baseOf, ecosystemKey } from '../ecosystem/key.ts';
import { orderOf } from '../ecosystem/order.ts';
import { namingOf, schemeOf } from '../ecosystem/scheme.ts';
import type { Compare } from '../ranges.ts';
import { evaluate, isModular } from './evaluate.ts';
import type { Installed } from './evaluate.ts';
import { coverageOf, lookupsOf } from './lookups.ts';
import { mergeHits } from './merge.ts';
import type { Hit } from './merge.ts';
import type { Match } from './types.ts';

// The reason that the build gives an archive which calls itself a sample.
const sample = 'a sample';

/** One Match a package, in their order. */
export function matchPackages(bundle: Bundle, packages: readonly Package[]): Match[] {
  const covers = coverageOf(bundle.manifest);
  const present = new Set(packages.map((one) => one.purl));
  const questions = new Map<string, Question>();
  const asked = packages.map((one) => {
    // The same package in two places of an image is one question.
    const key = `${one.ecosystem}\n${one.name}\n${one.version}\n${one.source?.name}\n${one.source?.version}\n${one.purl.includes('rpmmod=') ? one.purl : ''}`;
    const known = questions.get(key);
    if (known !== undefined) return known;
    const question = ask(bundle, one, covers);
    questions.set(key, question);
    return question;
  });
  // What the hits refer to is fetched at once: one statement costs less than a look-up for each.
  bundle.fetch([...questions.values()].flatMap((question) => question.hits.map((hit) => hit.entry.a)));
  const answers = new Map([...questions.values()].map((question) => [question, answer(bundle, question)]));
  const matched = packages.map((one, index): Match => ({ ...(answers.get(asked[index] as Question) as Answer), package: one }));
  const byPurl = new Map(matched.map((match) => [match.package.purl, match]));
  return matched.map((match) => (match.package.ownedBy === undefined ? match : ownedMatch(match, present, byPurl)));
}

/** One package as the bundle is asked for it, with what it holds against that version. */
type Question = { readonly key: string; readonly compare: Compare | undefined; readonly coverage: Match['coverage']; readonly hits: readonly Hit[]; readonly unparsable?: string };
type Answer = Omit<Match, 'package'>;

// A distribution patches what it packages without raising the upstream version: the language's own advisories would
// call a patched package affected. The distribution's advisories speak for it.
function ownedMatch(match: Match, present: ReadonlySet<string>, byPurl: ReadonlyMap<string, Match>): Match {
  const owner = match.package.ownedBy ?? '';
  const speaker = present.has(owner) ? byPurl.get(owner) : undefined;
  const base = { package: match.package, coverage: speaker?.coverage ?? null, owner, vulnerabilities: [] };
  if (speaker === undefined) return { ...base, answer: 'unknown', reason: `owned by ${owner}, which is not among the packages` };
  return { ...base, answer: speaker.answer, ...(speaker.reason === undefined ? {} : { reason: speaker.reason }) };
}

function ask(bundle: Bundle, one: Package, covers: ReturnType<typeof coverageOf>): Question {
  const key = ecosystemKey(one.ecosystem);
  const base = baseOf(key);
  const lookups = lookupsOf(key, one);
  const coverage = covers(key, lookups[0]?.name ?? one.name);
  const scheme = schemeOf(key);
  const compare = scheme === undefined ? undefined : orderOf(scheme);
  const hits: Hit[] = [];
  let unparsable: string | undefined;
  for (const { name, version } of lookups) {
    const entries = bundle.entries(key, name);
    // A record that names no release speaks of all of them ("Debian" in OSV); it covers none of them as a whole.
    const entriesOfAll = base === key ? [] : bundle.entries(base, name);
    if (entries.length + entriesOfAll.length === 0) continue;
    const installed = installedOf(one, key, version, compare);
    for (const entry of [...entries, ...entriesOfAll]) {
      const outcome = evaluate(entry, installed);
      if (outcome === undefined) continue;
      // One answer for a version that does not parse, not one for each advisory of the package.
      if (installed.problem !== undefined && outcome.answer === 'unknown') unparsable = installed.problem;
      else hits.push({ entry, outcome });
    }
  }
  return { key, compare, coverage, hits, ...(unparsable === undefined ? {} : { unparsable }) };
}

function answer(bundle: Bundle, { key, compare, coverage, hits, unparsable }: Question): Answer {
  const base = baseOf(key);
  const vulnerabilities = mergeHits(hits, bundle, compare, namingOf(key) !== 'binary' || base === 'AlmaLinux' || base === 'Red Hat');
  const result = { coverage, vulnerabilities };
  if (vulnerabilities.some((vulnerability) => vulnerability.answer === 'affected')) return { ...result, answer: 'affected' };
  if (unparsable !== undefined) return { ...result, answer: 'unknown', reason: unparsable };
  const open = vulnerabilities[0];
  if (open !== undefined) return { ...result, answer: 'unknown', ...(open.reason === undefined ? {} : { reason: open.reason }) };
  if (coverage === null) return { ...result, answer: 'unknown', reason: `no feed covers ${key.toLowerCase()}` };
  // A sample is no feed: it holds what somebody picked.
  if (coverage !== 'complete' && coverage.partial === sample) return { ...result, answer: 'unknown', reason: `no feed covers ${key.toLowerCase()} (partial feed: ${sample})` };
  if (coverage !== 'complete') return { ...result, answer: 'unknown', reason: `partial feed: ${coverage.partial}` };
  return { ...result, answer: 'not-affected' };
}

function installedOf(one: Package, key: string, version: string, compare: Compare | undefined): Installed {
  const module = /[?&]rpmmod=([^&#]+)/.exec(one.purl)?.[1];
  const base = { version, module: module === undefined ? undefined : decodeURIComponent(module).split(':').slice(0, 2).join(':'), modular: module !== undefined || isModular(version) };
  if (compare === undefined) return { ...base, compare, problem: `the order of ${key} versions is not known` };
  try {
    compare(version, version);
    return { ...base, compare, problem: undefined };
  } catch (error) {
    return { ...base, compare: undefined, problem: messageOf(error) };
  }
}
