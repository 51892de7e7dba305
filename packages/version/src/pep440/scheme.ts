import type { VersionScheme } from '../scheme.ts';
import { checkedText } from '../scheme.ts';
import { compareDigits, compareLists, compareText } from '../order.ts';
import { legacyKey } from './legacy.ts';

type Stage = { readonly rank: number; readonly digits: string };

/** `legacy` holds the key of a version from before PEP 440; then nothing else counts. */
type Pep440Version = {
  readonly legacy: readonly string[] | undefined;
  readonly epoch: string;
  readonly release: readonly string[];
  readonly pre: Stage;
  readonly post: Stage;
  readonly dev: Stage;
  readonly local: readonly string[];
};

const shape =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;

const preRank: Readonly<Record<string, number>> = { a: 1, alpha: 1, b: 2, beta: 2, c: 3, rc: 3, pre: 3, preview: 3 };

/**
 * Python's versions (PEP 440). What is no such version is ordered before all that are, in the way setuptools
 * ordered everything before 2014: old releases on PyPI and advisories for them still carry such versions.
 */
export const pep440: VersionScheme<Pep440Version> = {
  id: 'pep440',
  aliases: ['pypi', 'python', 'pip', 'pep-440'],
  parse(text) {
    const whole = checkedText('pep440', text);
    const match = shape.exec(whole);
    if (match === null) return { legacy: legacyKey(whole), epoch: '', release: [], pre: never, post: never, dev: never, local: [] };
    const [, epoch, release, pre, preNumber, implicitPost, post, postNumber, dev, devNumber, local] = match;
    const hasPost = implicitPost !== undefined || post !== undefined;
    const numbers = (release ?? '').split('.');
    while (numbers.length > 1 && /^0+$/.test(numbers.at(-1) ?? '')) numbers.pop();
    return {
      legacy: undefined,
      epoch: epoch ?? '',
      release: numbers,
      pre: pre === undefined ? { rank: !hasPost && dev !== undefined ? 0 : 4, digits: '' } : { rank: preRank[pre.toLowerCase()] ?? 3, digits: preNumber ?? '' },
      post: { rank: hasPost ? 1 : 0, digits: implicitPost ?? postNumber ?? '' },
      dev: { rank: dev === undefined ? 1 : 0, digits: devNumber ?? '' },
      local: local === undefined ? [] : local.toLowerCase().split(/[-_.]/),
    };
  },
  compare(a, b) {
    if (a.legacy !== undefined || b.legacy !== undefined) {
      if (a.legacy === undefined || b.legacy === undefined) return a.legacy === undefined ? 1 : -1;
      return compareLists(a.legacy, b.legacy, compareText, () => 1);
    }
    return (
      compareDigits(a.epoch, b.epoch) ||
      compareLists(a.release, b.release, compareDigits, (part) => compareDigits(part, '0')) ||
      compareStage(a.pre, b.pre) ||
      compareStage(a.post, b.post) ||
      compareStage(a.dev, b.dev) ||
      compareLists(a.local, b.local, compareLocal, () => 1)
    );
  },
};

const never: Stage = { rank: 0, digits: '' };

function compareStage(a: Stage, b: Stage): number {
  return a.rank - b.rank || compareDigits(a.digits, b.digits);
}

/** Numbers after words, unlike in SemVer. */
function compareLocal(a: string, b: string): number {
  const numberA = /^\d+$/.test(a);
  if (numberA !== /^\d+$/.test(b)) return numberA ? 1 : -1;
  return numberA ? compareDigits(a, b) : compareText(a, b);
}
