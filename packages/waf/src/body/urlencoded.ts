import { urlDecode } from '../transformations/url-decode.ts';

/** One parameter with its decoded name and value. */
export type Parameter = { readonly name: string; readonly value: string };

/** Splits and decodes an application/x-www-form-urlencoded string; `invalid` says that an escape was malformed. */
export function parseUrlencoded(text: string, separator = '&'): { readonly parameters: Parameter[]; readonly invalid: boolean } {
  const parameters: Parameter[] = [];
  if (text === '') return { parameters, invalid: false };
  for (const part of text.split(separator)) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    parameters.push({
      name: urlDecode(equals < 0 ? part : part.slice(0, equals)),
      value: equals < 0 ? '' : urlDecode(part.slice(equals + 1)),
    });
  }
  return { parameters, invalid: /%(?![0-9a-fA-F]{2})/.test(text) };
}
