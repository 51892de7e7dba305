import type { Analyzer } from '@palisade/image/analyzer';
import type { Finding } from '@palisade/model/finding';
import type { Severity } from '@palisade/model/severity';
import type { Text } from '@palisade/model/text';

/** A finding before its priority is known: that needs the feed and the running containers. */
export type Draft = Omit<Finding, 'priority'>;

/** What a detector can find: the texts a person reads, apart from the code that looks. */
export type DetectorRule = {
  readonly severity: Severity;
  readonly title: Text;
  /** Why it matters: what an attacker gains by it. */
  readonly description: Text;
  readonly remedy: Text;
  readonly references: readonly string[];
};

/**
 * One detector: rules by id, an analyzer over files where it reads any, and a pure function from what it was given
 * to findings. Which input it takes is its own affair.
 */
export type Detector<Input> = {
  /** The folder's name; the rules' ids begin with it. */
  readonly id: string;
  readonly rules: Readonly<Record<string, DetectorRule>>;
  readonly analyzer?: Analyzer;
  inspect(input: Input): Draft[];
};
