import tables from './tables.json' with { type: 'json' };
import { fold } from './sqli-fold.ts';
import type { Quoting, Scan, Token } from './sqli-tokens.ts';

const fingerprints: ReadonlySet<string> = new Set(tables.fingerprints.toUpperCase().split(' '));

type Reading = { readonly print: string; readonly tokens: Token[]; readonly scan: Scan };

export function fingerprint(text: string, quoting: Quoting, mysql: boolean): Reading {
  const scan: Scan = { text, mysql, at: 0, ddx: 0, ddw: 0, comment: false, hash: 0, count: 0 };
  const tokens = fold(scan, quoting);
  const last = tokens.at(-1);
  // An open back-tick at the end of the input acts as a comment in MySQL.
  if (tokens.length > 1 && last?.type === 'n' && last.open === '`' && last.text === '' && last.close === '') last.type = 'c';
  if (tokens.some(({ type }) => type === 'X')) return { print: 'X', tokens: [{ type: 'X', text: 'X', open: '', close: '', count: 0 }], scan };
  return { print: tokens.map(({ type }) => type).join(''), tokens, scan };
}

/** Known benign shapes among the fingerprints: this filter decides by the tokens' text. */
function confirmed({ print, tokens, scan }: Reading): boolean {
  if (!fingerprints.has(print.toUpperCase())) return false;
  const [a, b, c] = tokens;
  if (print.length > 1 && print.endsWith('c') && scan.text.toLowerCase().includes('sp_password')) return true;
  if (print.length === 2) {
    if (b!.type === 'U') return scan.at > 0 && tokens.length === 2 && scan.text.length > 0 && scan.count !== 2;
    if (b!.text.startsWith('#')) return false;
    if (a!.type === 'n' && b!.type === 'c' && !b!.text.startsWith('/')) return false;
    if (a!.type === '1' && b!.type === 'c' && b!.text.startsWith('/')) return true;
    if (a!.type === '1' && b!.type === 'c') {
      if (scan.count > 2) return true;
      const next = scan.text[a!.text.length] ?? '';
      if (next !== '' && next.charCodeAt(0) <= 32) return true;
      if (scan.text.startsWith('/*', a!.text.length) || scan.text.startsWith('--', a!.text.length)) return true;
      return false;
    }
    if (b!.text.length > 2 && b!.text.startsWith('-')) return false;
  } else if (print.length === 3) {
    if (print === 'sos' || print === 's&s') {
      if (a!.open === '' && c!.close === '' && a!.close === c!.open) return true;
      return false;
    }
    if (['s&n', 'n&1', '1&1', '1&v', '1&s'].includes(print) && scan.count === 3) return false;
    if (b!.type === 'k' && (b!.text.length < 5 || !/^INTO (?:OUTFILE|DUMPFILE)/i.test(b!.text))) return false;
  }
  return true;
}

/** The fingerprint under which the text injects in some quoting context, else undefined. */
export function detectSqli(text: string): string | undefined {
  if (text === '') return undefined;
  const contexts: Quoting[] = ['', ...(text.includes("'") ? (["'"] as const) : []), ...(text.includes('"') ? (['"'] as const) : [])];
  for (const quoting of contexts) {
    const reading = fingerprint(text, quoting, quoting === '"');
    if (confirmed(reading)) return reading.print;
    if (quoting !== '"' && (reading.scan.ddx > 0 || reading.scan.hash > 0)) {
      const again = fingerprint(text, quoting, true);
      if (confirmed(again)) return again.print;
    }
  }
  return undefined;
}
