import type { Severity } from '@palisade/model/severity';

// docs/priority.md explains each number; the whole of them is 100.
export const weights = { severity: 40, kev: 20, epss: 10, exploit: 5, fix: 5, ownLayer: 2, running: 8, exposed: 5, privileged: 5 } as const;

/** Where no CVSS score is known. Unknown is not harmless: it stands between low and medium. */
export const severityPoints: Readonly<Record<Severity, number>> = { critical: 38, high: 31, medium: 21, low: 9, unknown: 15 };

/** What a file deleted by a later layer keeps of its points: it is in the image's bytes, but nothing can run it. */
export const removedShare = 0.4;
