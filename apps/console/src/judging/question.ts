import type { PriorityContext } from '@palisade/advisory/priority/prioritise';
import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import type { FeedSummary, ScanResult } from '@palisade/model/scan-result';
import type { Scope } from '@palisade/model/scope';
import type { Verdict } from '@palisade/model/verdict';
import type { PalisadeDocument } from '@palisade/verdict/document/registry';

// What the console and its judging child say to each other, one JSON a line. The child opens the bundle and runs
// the policies: a damaged bundle or a policy that takes for ever costs the child, not the console.

/** A document that counts, under the id it has here; its scope names the cluster as places do. */
export type Counted = { readonly id: string; readonly scope: Scope; readonly document: PalisadeDocument };

/** What all images of a round are judged by. `feed` is the file of a verified bundle. */
export type Setup = { readonly key: string; readonly feed: string | null; readonly policies: readonly Counted[]; readonly waivers: readonly Counted[] };

/** One place an image runs in; empty texts where it has none. */
export type RunsAt = { readonly cluster: string; readonly namespace: string; readonly project: string; readonly workload: string };

export type Question = {
  readonly setup: string;
  /** Whether packages are matched anew; else the vulnerability findings given stand. */
  readonly match: boolean;
  /** As stored; `scan.findings` are all of them, without a verdict. */
  readonly scan: ScanResult;
  readonly places: readonly RunsAt[];
  readonly running: Pick<PriorityContext, 'running' | 'exposed' | 'privileged'>;
  readonly now: string;
};

export type Judged = {
  /** With their new priorities, every kind. */
  readonly findings: readonly Finding[];
  /** The feed's gaps; only when matched anew. */
  readonly gaps?: readonly Gap[];
  readonly feed: FeedSummary | null;
  readonly verdict: Verdict;
  /** Waived finding -> the waiver's id. */
  readonly waived: Readonly<Record<string, string>>;
  /** Waiver's id -> how many findings it names here (waived or not by others before it). */
  readonly uses: Readonly<Record<string, number>>;
};

export type Line = { readonly setup: Setup } | { readonly id: number; readonly question: Question };
export type AnswerLine = { readonly id: number; readonly judged: Judged } | { readonly id: number; readonly problem: string };

/** Gaps that matching makes and so replaces. */
export const feedGapKinds: readonly string[] = ['feed-missing', 'feed-partial', 'match-unknown'];
