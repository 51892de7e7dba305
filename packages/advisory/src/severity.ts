import cvss from 'ae-cvss-calculator';
import type { Severity } from '@palisade/model/severity';

/** A rated CVSS vector: base score 0.0 to 10.0. */
export type Cvss = { readonly vector: string; readonly score: number };

const labels: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  high: 'high',
  important: 'high',
  medium: 'medium',
  moderate: 'medium',
  low: 'low',
  minor: 'low',
  negligible: 'low',
  unimportant: 'low',
};

/** A publisher's word for a severity ("Important", "MODERATE", "high**"), or undefined for none and unknown words. */
export function severityOfLabel(label: unknown): Severity | undefined {
  if (typeof label !== 'string') return undefined;
  const word = label.trim().toLowerCase().replace(/\*+$/, '');
  return Object.hasOwn(labels, word) ? labels[word] : undefined;
}

// Longest real v4 vector with every metric is below 200 characters; more is an attack on the parser.
const maxVector = 512;

/** The score that a CVSS 2.0, 3.0, 3.1 or 4.0 vector stands for; undefined when it is no complete vector. */
export function rate(vector: string): Cvss | undefined {
  if (vector.length > maxVector) return undefined;
  try {
    // `base` is absent where a mandatory metric is; `overall` would then say 0, which reads as harmless.
    const scores = cvss.fromVector(vector)?.calculateScores();
    if (scores === undefined || typeof scores.base !== 'number' || !Number.isFinite(scores.base)) return undefined;
    return { vector, score: scores.overall };
  } catch {
    return undefined;
  }
}

/** The best of several vectors: the newest version of the standard, then the higher score. */
export function bestOf(vectors: readonly string[]): Cvss | undefined {
  let best: Cvss | undefined;
  for (const vector of vectors) {
    const rated = rate(vector);
    if (rated === undefined) continue;
    const better = best === undefined ? 1 : standardOf(rated.vector) - standardOf(best.vector) || rated.score - best.score;
    if (better > 0) best = rated;
  }
  return best;
}

function standardOf(vector: string): number {
  return Number(/^CVSS:(\d\.\d)/.exec(vector)?.[1] ?? 2);
}

/** CVSS's own qualitative scale (v3.1 §5, v4.0 §6); a score of 0 ("none") is the least we know: low. */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return 'low';
}
