import type { Severity } from '@palisade/model/severity';

/** One event of a range, in OSV's words; exactly one field is set. */
export type RangeEvent = { readonly introduced?: string; readonly fixed?: string; readonly lastAffected?: string; readonly limit?: string };

/** What a distribution says about a fix that is not there. */
export type FixIntent = 'not-fixed' | 'wont-fix' | 'deferred';

/** The versions of one package that one advisory speaks of. `ecosystem` as the feed writes it. */
export type Affected = {
  readonly ecosystem: string;
  readonly name: string;
  readonly ranges: readonly (readonly RangeEvent[])[];
  readonly versions: readonly string[];
  readonly severity?: Severity;
  readonly vectors?: readonly string[];
  readonly intent?: FixIntent;
  /** The feed itself has not decided: every version in range is answered "unknown" with this reason. */
  readonly undetermined?: string;
  /** Module stream ("nodejs:18") that an rpm advisory is about. */
  readonly module?: string;
};

/** An advisory of any feed. `upstream` are the vulnerabilities it fixes; `aliases` name the same vulnerability. Dates are ISO 8601. */
export type AdvisoryRecord = {
  readonly id: string;
  /** Set where a feed writes one id in many records: what tells this one from the others. */
  readonly part?: string;
  readonly aliases: readonly string[];
  readonly upstream: readonly string[];
  readonly summary: string;
  readonly details: string;
  readonly published: string;
  readonly modified: string;
  readonly severity?: Severity;
  readonly vectors: readonly string[];
  readonly references: readonly string[];
  readonly affected: readonly Affected[];
};

/** What is known of a CVE beside its packages. */
export type CveFacts = {
  readonly id: string;
  readonly epss?: { readonly score: number; readonly percentile: number };
  readonly kev?: { readonly added: string; readonly due: string; readonly ransomware: boolean; readonly action: string };
  /** Exploit code is published. */
  readonly exploit?: boolean;
};
