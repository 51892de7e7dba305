import tables from './tables.json' with { type: 'json' };
import type { Quoting, Scan, Token } from './sqli-tokens.ts';
import { upperAscii } from '../bytes.ts';
import { lookup, nextToken, openString, token } from './sqli-tokens.ts';

const isUnary = ({ type, text }: Token): boolean => type === 'o' && ['+', '-', '!', '~', '!!', 'NOT'].includes(upperAscii(text));
const isArithmetic = ({ type, text }: Token): boolean => type === 'o' && text.length === 1 && '*/-+%'.includes(text);
const mergeable = new Set(['k', 'n', 'o', 'U', 'f', 'E', 'T', 't', '&']);
const functions = new Set(['USER_ID', 'USER_NAME', 'DATABASE', 'PASSWORD', 'USER', 'CURRENT_USER', 'CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP']);

/** What stands before a space in keywords of several words. */
const firstWords: ReadonlySet<string> = new Set(Object.keys(tables.keywords).flatMap((text) => [...text.matchAll(/ /g)].map(({ index }) => text.slice(0, index))));

function merge(left: Token, right: Token): boolean {
  if (!mergeable.has(left.type) || !(mergeable.has(right.type) || right.type === 'B')) return false;
  if (left.text.length + right.text.length + 2 > 32 || !firstWords.has(left.text.toUpperCase())) return false;
  const text = `${left.text} ${right.text}`;
  const type = lookup(text);
  if (type === undefined) return false;
  Object.assign(left, { type, text });
  return true;
}

/** Reduces the token stream to at most five tokens that stand for its structure. */
export function fold(scan: Scan, quoting: Quoting): Token[] {
  const v: Token[] = [];
  let pos = 0;
  let left = 0;
  let more = true;
  let lastComment: Token | undefined;
  let first = quoting !== '';
  const read = (): Token | undefined => {
    const found = first ? (scan.text.length === 0 ? undefined : openString(scan, quoting)) : nextToken(scan);
    first = false;
    if (found !== undefined) scan.count += 1;
    return found;
  };
  // Comments, opening parentheses, SQL types and unary operators at the start say nothing.
  for (;;) {
    const found = read();
    if (found === undefined) {
      more = false;
      break;
    }
    v[0] = found;
    if (!(found.type === 'c' || found.type === '(' || found.type === 't' || isUnary(found))) break;
  }
  if (!more) return [];
  pos = 1;
  const fill = (want: number): void => {
    while (more && pos <= 5 && pos - left < want) {
      const found = read();
      if (found === undefined) more = false;
      else if (found.type === 'c') lastComment = found;
      else {
        lastComment = undefined;
        v[pos] = found;
        pos += 1;
      }
    }
  };
  for (;;) {
    if (pos >= 5) {
      const t = v.map((entry) => entry.type);
      if ((t[0] === '1' && (t[1] === 'o' || t[1] === ',') && t[2] === '(' && t[3] === '1' && t[4] === ')') ||
        (t[0] === 'n' && t[1] === 'o' && t[2] === '(' && (t[3] === 'n' || t[3] === '1') && t[4] === ')') ||
        (t[0] === '1' && t[1] === ')' && t[2] === ',' && t[3] === '(' && t[4] === '1') ||
        (t[0] === 'n' && t[1] === ')' && t[2] === 'o' && t[3] === '(' && t[4] === 'n')) {
        if (pos > 5) {
          v[1] = v[5]!;
          pos = 2;
          left = 0;
        } else {
          pos = 1;
          left = 0;
        }
      }
    }
    if (!more || left >= 5) {
      left = pos;
      break;
    }
    fill(2);
    if (pos - left < 2) {
      left = pos;
      continue;
    }
    const a = v[left]!;
    const b = v[left + 1]!;
    const x = a.type;
    const y = b.type;
    const back = (count: number): void => {
      pos -= 1;
      left = count > left ? 0 : left - count;
    };
    if (x === 's' && y === 's') {
      pos -= 1;
      continue;
    }
    if (x === ';' && y === ';') {
      pos -= 1;
      continue;
    }
    if ((x === 'o' || x === '&') && (isUnary(b) || y === 't')) {
      pos -= 1;
      left = 0;
      continue;
    }
    if (x === '(' && isUnary(b)) {
      back(1);
      continue;
    }
    if (merge(a, b)) {
      back(1);
      continue;
    }
    if (x === ';' && y === 'f' && /^if$/i.test(b.text)) {
      b.type = 'T';
      continue;
    }
    const upperA = upperAscii(a.text);
    if ((x === 'n' || x === 'v') && y === '(' && (functions.has(upperA))) {
      a.type = 'f';
      continue;
    }
    if (x === 'k' && (upperA === 'IN' || upperA === 'NOT IN')) {
      a.type = y === '(' ? 'o' : 'n';
      continue;
    }
    if (x === 'o' && (upperA === 'LIKE' || upperA === 'NOT LIKE')) {
      if (y === '(') a.type = 'f';
    } else if (x === 't' && ['n', '1', 't', '(', 'f', 'v', 's'].includes(y)) {
      v[left] = b;
      pos -= 1;
      left = 0;
      continue;
    } else if (x === 'A' && y === 'n') {
      if (b.text.includes('_')) {
        b.type = 't';
        left = 0;
      }
    } else if (x === '\\') {
      a.type = isArithmetic(b) ? '1' : '\\';
      if (a.type === '\\') v[left] = b;
      if (a.type === '\\') pos -= 1;
      left = 0;
      continue;
    } else if ((x === '(' && y === '(') || (x === ')' && y === ')')) {
      pos -= 1;
      left = 0;
      continue;
    } else if (x === '{' && y === 'n') {
      if (b.text === '') {
        b.type = 'X';
        return v.slice(0, left + 2);
      }
      pos -= 2;
      left = 0;
      continue;
    } else if (y === '}') {
      pos -= 1;
      left = 0;
      continue;
    }
    fill(3);
    if (pos - left < 3) {
      left = pos;
      continue;
    }
    const c = v[left + 2]!;
    const z = c.type;
    const drop2 = (): void => {
      pos -= 2;
      left = 0;
    };
    if (x === '1' && y === 'o' && z === '1') drop2();
    else if (x === 'o' && y !== '(' && z === 'o') drop2();
    else if (x === '&' && z === '&') drop2();
    else if (x === 'v' && y === 'o' && (z === 'v' || z === '1' || z === 'n')) drop2();
    else if ((x === 'n' || x === '1') && y === 'o' && (z === '1' || z === 'n')) drop2();
    else if ((x === 'n' || x === '1' || x === 'v' || x === 's') && y === 'o' && b.text === '::' && z === 't') drop2();
    else if (['n', '1', 's', 'v'].includes(x) && y === ',' && ['1', 'n', 's', 'v'].includes(z)) drop2();
    else if (['E', 'B', ','].includes(x) && isUnary(b) && z === '(') {
      v[left + 1] = c;
      pos -= 1;
      left = 0;
    } else if (['k', 'E', 'B'].includes(x) && isUnary(b) && ['1', 'n', 'v', 's', 'f'].includes(z)) {
      v[left + 1] = c;
      pos -= 1;
      left = 0;
    } else if (x === ',' && isUnary(b) && ['1', 'n', 'v', 's'].includes(z)) {
      v[left + 1] = c;
      pos -= 3;
      left = 0;
      if (pos < 0) pos = 0;
    } else if (x === ',' && isUnary(b) && z === 'f') {
      v[left + 1] = c;
      pos -= 1;
      left = 0;
    } else if (x === 'n' && y === '.' && z === 'n') drop2();
    else if (x === 'E' && y === '.' && z === 'n') {
      v[left + 1] = c;
      pos -= 1;
      left = 0;
    } else left += 1;
  }
  if (left < 5 && lastComment !== undefined) {
    v[left] = token('c', lastComment.text);
    left += 1;
  }
  return v.slice(0, Math.min(left, 5));
}
