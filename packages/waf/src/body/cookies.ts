import type { Parameter } from './urlencoded.ts';

/** Netscape cookies: separated by semicolons, names with leading blanks dropped. */
export function parseCookies(header: string): Parameter[] {
  const cookies: Parameter[] = [];
  for (const part of header.split(';')) {
    const text = part.replace(/^\s+/, '');
    if (text === '') continue;
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name !== '') cookies.push({ name, value: equals < 0 ? '' : text.slice(equals + 1) });
  }
  return cookies;
}
