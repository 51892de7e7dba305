import { plainText } from '@palisade/report/plain-text';

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as content or attribute of HTML and XML. Characters that XML 1.0 forbids become blanks. */
export function escaped(text: string): string {
  return plainText(text).replace(/[\ufffe\uffff]/g, ' ').replace(/[&<>"']/g, (one) => named[one] ?? one);
}
