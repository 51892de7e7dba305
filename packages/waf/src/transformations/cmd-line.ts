import { lowerAscii } from '../bytes.ts';

/** What command shells ignore: carets, quotes and backslashes go, separators become one space, letters lower case. */
export function cmdLine(value: string): string {
  if (!/[\\"'^,;\t\r\nA-Z]| [ /(]/.test(value)) return value;
  let out = '';
  // Runs of bytes that stay as they are, are copied whole.
  let from = 0;
  let space = false;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code === 34 || code === 39 || code === 92 || code === 94) {
      if (from < at) out += value.slice(from, at);
      from = at + 1;
    } else if (code === 32 || code === 44 || code === 59 || code === 9 || code === 13 || code === 10) {
      if (from < at) out += value.slice(from, at);
      if (!space) out += ' ';
      space = true;
      from = at + 1;
    } else {
      if (space && (code === 47 || code === 40)) {
        if (from < at) out += value.slice(from, at);
        out = out.slice(0, -1);
        from = at;
      }
      space = false;
    }
  }
  return lowerAscii(from < value.length ? out + value.slice(from) : out);
}
