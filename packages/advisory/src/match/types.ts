import type { Coverage } from '@palisade/model/coverage';
import type { Package } from '@palisade/model/package';
import type { Severity } from '@palisade/model/severity';

export type FixState = 'fixed' | 'not-fixed' | 'wont-fix' | 'deferred' | 'unknown';

/** One vulnerability of one package, however many advisories tell of it. */
export type Vulnerability = {
  /** The CVE where there is one; `aliases` are all its other names, advisories included. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly answer: 'affected' | 'unknown';
  readonly reason?: string;
  /** First version without it. */
  readonly fixed?: string;
  readonly fixState: FixState;
  readonly severity: Severity;
  readonly cvss?: { readonly vector: string; readonly score: number };
  readonly epss?: { readonly score: number; readonly percentile: number };
  readonly kev?: { readonly added: string; readonly due: string; readonly ransomware: boolean; readonly action: string };
  /** Exploit code is published. */
  readonly exploit?: boolean;
  /** Rows of the advisories in the bundle, best text first. */
  readonly advisories: readonly number[];
  readonly sources: readonly string[];
};

/** What the bundle says of one package. `reason` stands with every unknown; `coverage` is null where no feed covers it. */
export type Match = {
  readonly package: Package;
  readonly answer: 'affected' | 'not-affected' | 'unknown';
  readonly reason?: string;
  readonly coverage: Coverage | null;
  /** Set: the distribution package that speaks for this one. */
  readonly owner?: string;
  readonly vulnerabilities: readonly Vulnerability[];
};
