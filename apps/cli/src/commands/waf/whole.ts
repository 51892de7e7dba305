import { UsageError } from '../../command.ts';

/** A whole number of an option within bounds. Throws UsageError naming the option. */
export function whole(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) throw new UsageError(`${option} ${text}: a whole number from ${low} to ${high}`);
  return value;
}
