/**
 * Settings of a fuzz property: a short run in the suite, PALISADE_FUZZ=N times as many by hand. One case that takes longer
 * than its limit (milliseconds) fails as a hang.
 */
export function fuzz(runs: number, limit = 5000): { numRuns: number; timeout: number } {
  const factor = Number(process.env['PALISADE_FUZZ'] ?? 1);
  return { numRuns: Math.max(1, Math.round(runs * factor)), timeout: limit };
}
