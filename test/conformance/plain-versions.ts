// Version orders written a second time, in another way than packages/version does it, so that the reference matcher
// does not share its mistakes: each version becomes a list of keys that compare by themselves.

type Key = readonly (number | bigint)[];

/** dpkg's order as a sort key: every non-digit run character by character, every digit run as one big number. */
function debKey(part: string): Key {
  const key: (number | bigint)[] = [];
  for (const [, letters = '', digits = ''] of part.matchAll(/([^0-9]*)([0-9]*)/g)) {
    for (const letter of letters) key.push(letter === '~' ? -1 : /[a-zA-Z]/.test(letter) ? letter.charCodeAt(0) : letter.charCodeAt(0) + 256);
    // The end of a run sorts after "~" and before everything else.
    key.push(0, BigInt(digits === '' ? '0' : digits));
  }
  return key;
}

function byKey(a: Key, b: Key): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const left = a[at] ?? 0;
    const right = b[at] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

export function plainDeb(a: string, b: string): number {
  const split = (text: string): [bigint, string, string] => {
    const [, epoch = '0', upstream = '', revision = '0'] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(text) ?? [];
    return [BigInt(epoch), upstream, revision];
  };
  const [x, y] = [split(a), split(b)];
  if (x[0] !== y[0]) return x[0] < y[0] ? -1 : 1;
  return byKey(debKey(x[1]), debKey(y[1])) || byKey(debKey(x[2]), debKey(y[2]));
}

type Part = readonly [rank: number, value: bigint | string];

function byPart([rank, value]: Part, [otherRank, other]: Part): number {
  if (rank !== otherRank) return rank < otherRank ? -1 : 1;
  return value === other ? 0 : value < other ? -1 : 1;
}

/** Part by part; where one list ends, `end` stands for the rest of it. */
function byParts(a: readonly Part[], b: readonly Part[], end: Part): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = byPart(a[at] ?? end, b[at] ?? end);
    if (order !== 0) return order;
  }
  return 0;
}

type Plain = { readonly parts: readonly Part[][]; readonly ends: readonly Part[] };
const end = (rank: number): Part => [rank, 0n];
const numbers = (text: string): Part[] => text.split('.').map((one): Part => [1, BigInt(one)]);

/** Semantic Versioning 2.0.0, section 11: numbers before words, a shorter list first, a release after its pre-releases. */
function semverParts(text: string): Plain | undefined {
  const [whole, release = '', pre] = /^v?(\d+\.\d+\.\d+)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return { parts: [numbers(release), pre === undefined ? [[9, 0n]] : pre.split('.').map((one): Part => (/^\d+$/.test(one) ? [1, BigInt(one)] : [2, one]))], ends: [end(1), end(0)] };
}

/** PEP 440's sort key without local versions: epoch, release, pre-release, post-release, development release. */
function pep440Parts(text: string): Plain | undefined {
  const match = /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\d*))?((?:-(\d+))|(?:[-_.]?(?:post|rev|r)[-_.]?(\d*)))?([-_.]?dev[-_.]?(\d*))?$/i.exec(text);
  if (match === null) return undefined;
  const [, epoch = '0', release = '', word, count = '', post, dashed, counted = '', dev, days = ''] = match;
  const stage = word === undefined ? undefined : { a: 1, alpha: 1, b: 2, beta: 2 }[word.toLowerCase()] ?? 3;
  const before: Part = stage !== undefined ? [stage, BigInt(count || '0')] : [post === undefined && dev !== undefined ? 0 : 4, 0n];
  return { parts: [[[1, BigInt(epoch)]], numbers(release), [before], [post === undefined ? [0, 0n] : [1, BigInt(dashed ?? (counted || '0'))]], [dev === undefined ? [1, 0n] : [0, BigInt(days || '0')]]], ends: [end(1), end(1), end(0), end(0), end(0)] };
}

/** rpm's order of one field: "~" before the end, "^" after it, words before numbers. */
function rpmField(text: string): Part[] {
  return (text.match(/~|\^|\d+|[a-zA-Z]+/g) ?? []).map((one): Part => (one === '~' ? [0, 0n] : one === '^' ? [2, 0n] : /^\d/.test(one) ? [4, BigInt(one)] : [3, one]));
}

function rpmParts(text: string): Plain | undefined {
  const [whole, epoch = '0', version = '', release = ''] = /^(?:(\d+):)?([^:-]+)-([^:-]+)$/.exec(text) ?? [];
  return whole === undefined ? undefined : { parts: [[[1, BigInt(epoch)]], rpmField(version), rpmField(release)], ends: [end(1), end(1), end(1)] };
}

/** RubyGems: words before numbers, what is missing counts as zero. */
function gemParts(text: string): Plain | undefined {
  if (!/^\d+(?:\.[0-9a-zA-Z]+)*$/.test(text)) return undefined;
  return { parts: [(text.match(/\d+|[a-zA-Z]+/g) ?? []).map((one): Part => (/^\d/.test(one) ? [1, BigInt(one)] : [0, one]))], ends: [end(1)] };
}

const plainly: Readonly<Record<string, (text: string) => Plain | undefined>> = {
  go: semverParts,
  semver: semverParts,
  pep440: pep440Parts,
  rpm: rpmParts,
  gem: gemParts,
};

/** The order of two versions by what stands here alone; undefined for a scheme or a form that is not written down a second time. */
export function plainOrder(scheme: string, a: string, b: string): number | undefined {
  const left = plainly[scheme]?.(a);
  const right = left === undefined ? undefined : plainly[scheme]?.(b);
  if (left === undefined || right === undefined) return undefined;
  for (const [at, parts] of left.parts.entries()) {
    const order = byParts(parts, right.parts[at] ?? [], left.ends[at] ?? end(0));
    if (order !== 0) return order;
  }
  return 0;
}
