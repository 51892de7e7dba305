import type { Operator } from './operator.ts';

/** libinjection's SQL tokenizer and fingerprints; TX:0 is the fingerprint. */
export const detectSqli: Operator = (_, context) => (value, run) => {
  const fingerprint = context.detection.sqli(value);
  if (fingerprint === undefined) return false;
  run.capture(0, fingerprint);
  return true;
};
