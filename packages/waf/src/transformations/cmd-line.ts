/** What command shells ignore: carets, quotes and backslashes go, separators become one space, letters lower case. */
export function cmdLine(value: string): string {
  if (!/[\\"'^,;\s\x0bA-Z/(]/.test(value)) return value;
  let out = '';
  let space = false;
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at]!;
    if (char === '"' || char === "'" || char === '\\' || char === '^') continue;
    if (char === ' ' || char === ',' || char === ';' || char === '\t' || char === '\r' || char === '\n') {
      if (!space) out += ' ';
      space = true;
    } else {
      if ((char === '/' || char === '(') && space) out = out.slice(0, -1);
      const code = char.charCodeAt(0);
      out += code >= 65 && code <= 90 ? String.fromCharCode(code + 32) : char;
      space = false;
    }
  }
  return out;
}
