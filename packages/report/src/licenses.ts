import { isSupportedSpdxId } from '@cyclonedx/cyclonedx-library/SPDX';
import parseExpression from 'spdx-expression-parse';

/** A package's licence as it stands in its metadata: a listed id, an expression over such ids, or just words. */
export type LicenseClaim = { readonly kind: 'id' | 'expression' | 'name'; readonly text: string };

export function licenseClaim(text: string): LicenseClaim {
  const trimmed = text.trim();
  if (isSupportedSpdxId(trimmed)) return { kind: 'id', text: trimmed };
  try {
    parseExpression(trimmed);
    return { kind: 'expression', text: trimmed };
  } catch {
    return { kind: 'name', text: trimmed };
  }
}
