import type { Problem } from './problem.ts';

/** One directive with its unquoted arguments and the line it starts on. */
export type Directive = { readonly name: string; readonly args: readonly string[]; readonly line: number };

/** Cuts a rule file into directives: comments, continuation lines and quoting are gone afterwards. */
export function readDirectives(text: string, file: string, problems: Problem[], warnings: Problem[] = problems): Directive[] {
  const directives: Directive[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    let whole = lines[at]!.replace(/\r$/, '');
    if (/^\s*(?:#|$)/.test(whole)) continue;
    while (whole.endsWith('\\') && at + 1 < lines.length) {
      at += 1;
      whole = whole.slice(0, -1) + lines[at]!.replace(/\r$/, '').replace(/^[ \t]+/, '');
    }
    let words = splitWords(whole);
    // ModSecurity ends an open quote with the line; what the quote holds is still checked.
    if (typeof words === 'string') {
      warnings.push({ file, line, message: words });
      words = splitWords(`${whole}"`);
    }
    if (typeof words === 'string') problems.push({ file, line, message: words });
    else if (words.length > 0) directives.push({ name: words[0]!, args: words.slice(1), line });
  }
  return directives;
}

function splitWords(text: string): string[] | string {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at += 1;
      continue;
    }
    if (text[at] === '#' && words.length > 0 && /\s/.test(text[at - 1]!) && words[0] !== 'SecRule') break;
    if (text[at] === '"') {
      let word = '';
      at += 1;
      for (;;) {
        if (at >= text.length) return 'a quote is not closed';
        // Apache's rule of quoting, which the Core Rule Set is written for: \" is a quote, \\ one backslash.
        if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) {
          word += text[at + 1];
          at += 2;
        } else if (text[at] === '\\' && at + 1 < text.length) {
          word += text.slice(at, at + 2);
          at += 2;
        } else if (text[at] === '"') break;
        else {
          word += text[at];
          at += 1;
        }
      }
      at += 1;
      words.push(word);
      continue;
    }
    const start = at;
    // Selectors may hold blanks inside quotes or brackets: ARGS:'/a b/', XML:/x[text() = 'a b'].
    let quote = '';
    while (at < text.length && (quote !== '' || !/\s/.test(text[at]!))) {
      if (quote === '' && text[at] === "'") quote = "'";
      else if (text[at] === quote) quote = '';
      at += 1;
    }
    words.push(text.slice(start, at));
  }
  return words;
}
