import { z } from 'zod';

/** From worst to least; `unknown` is not "harmless": it sorts last and is shown as a state of its own. */
export const severities = ['critical', 'high', 'medium', 'low', 'unknown'] as const;
export const Severity = z.enum(severities);
export type Severity = z.infer<typeof Severity>;

/** Sort order: worst first. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}

/** True when `severity` is at least as bad as `floor`; `unknown` is at least as bad as nothing but itself. */
export function atLeast(severity: Severity, floor: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(floor);
}
