import { decodePercent } from './percent.ts';

/** Percent decoding; "+" is a space, an invalid escape stays as it is. */
export function urlDecode(value: string): string {
  return value.includes('%') || value.includes('+') ? decodePercent(value) : value;
}
