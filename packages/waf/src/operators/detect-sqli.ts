import { requireByte } from '../prefilter/requirement.ts';
import { complement, escapes } from '../regex/byte-sets.ts';
import type { Operator, OperatorRun } from './operator.ts';

/** libinjection's SQL tokenizer and fingerprints; TX:0 is the fingerprint. */
export const detectSqli: Operator = (_, context) =>
  // Letters, digits and underscores alone are a number, a word or a number and a word: of the fingerprints only 1U has
  // that form, and libinjection takes it for an attack only when there are more tokens.
  Object.assign((value: string, run: OperatorRun) => {
    const fingerprint = context.detection.sqli(value);
    if (fingerprint === undefined) return false;
    run.capture(0, fingerprint);
    return true;
  }, { requires: () => requireByte(complement(escapes['w']!)), ...(context.detection.isNoSqli === undefined ? {} : { dismisses: context.detection.isNoSqli }) });
