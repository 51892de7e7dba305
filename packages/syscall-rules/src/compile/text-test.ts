import { RE2JS } from 're2js';
import { globMatcher } from './glob.ts';
import { pathPrefixes } from './path-prefixes.ts';

export type TextTest = (value: string) => boolean;

/** Longest regular expression: RE2's states grow with it. */
const maxRegex = 4096;

/** The test an operator with one text makes. Throws with the reason when the text doesn't fit the operator. */
export function textTest(operator: string, text: string): TextTest {
  switch (operator) {
    case '=':
    case '==':
      return (value) => value === text;
    case '!=':
      return (value) => value !== text;
    case 'contains':
      return (value) => value.includes(text);
    case 'icontains': {
      const lower = text.toLowerCase();
      return (value) => value.toLowerCase().includes(lower);
    }
    case 'startswith':
      return (value) => value.startsWith(text);
    case 'endswith':
      return (value) => value.endsWith(text);
    case 'bcontains': {
      const bytes = fromHex(text);
      return (value) => toBytes(value).includes(bytes);
    }
    case 'bstartswith': {
      const bytes = fromHex(text);
      return (value) => toBytes(value).startsWith(bytes);
    }
    case 'glob':
      return globMatcher(text);
    case 'iglob': {
      const matches = globMatcher(text.toLowerCase());
      return (value) => matches(value.toLowerCase());
    }
    case 'regex':
      return regexTest(text);
    case 'pmatch':
      return pathPrefixes([text]);
    default:
      throw new Error(`operator "${operator}" compares numbers, not texts`);
  }
}

// RE2's own algorithm in JavaScript: linear in the text whatever the pattern, and matching is of the whole text.
function regexTest(pattern: string): TextTest {
  if (pattern.length > maxRegex) throw new Error(`regular expression longer than ${maxRegex} characters`);
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(`"${pattern}" is no regular expression of RE2: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return (value) => regex.matches(value);
}

function fromHex(text: string): string {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text)) throw new Error(`"${text}" is no even number of hexadecimal digits`);
  return Buffer.from(text, 'hex').toString('latin1');
}

// Buffers come as one character a byte already; other texts may hold wider characters.
function toBytes(value: string): string {
  return Buffer.from(value, 'utf8').length === value.length ? value : Buffer.from(value, 'utf8').toString('latin1');
}
