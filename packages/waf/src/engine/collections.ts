import { storedIn } from './store.ts';
import type { Named, Transaction } from './transaction.ts';
import type { Rule } from '../seclang/rule.ts';

const names = (list: readonly Named[]): Named[] => list.map(({ name }) => ({ name, value: name }));
const files = (tx: Transaction) => tx.multipart?.parts.filter((part) => part.filename !== undefined) ?? [];

function persistent(name: string) {
  return (tx: Transaction): Named[] => {
    const values = storedIn(tx, name);
    if (values === undefined) return [];
    const now = tx.options.now();
    for (const [key, entry] of values) if (entry.expires <= now) values.delete(key);
    return [...values].map(([key, { value }]) => ({ name: key, value }));
  };
}

/** Variables that are lists of named values. */
export const collections: Readonly<Record<string, (tx: Transaction, rule: Rule) => readonly Named[]>> = {
  ARGS: (tx) => [...tx.get, ...tx.post],
  ARGS_GET: (tx) => tx.get,
  ARGS_POST: (tx) => tx.post,
  ARGS_NAMES: (tx) => names([...tx.get, ...tx.post]),
  ARGS_GET_NAMES: (tx) => names(tx.get),
  ARGS_POST_NAMES: (tx) => names(tx.post),
  ENV: (tx) => [...tx.env].map(([name, value]) => ({ name, value })),
  FILES: (tx) => files(tx).map((part) => ({ name: part.name, value: part.filename! })),
  FILES_NAMES: (tx) => files(tx).map((part) => ({ name: part.name, value: part.name })),
  FILES_SIZES: (tx) => files(tx).map((part) => ({ name: part.name, value: String(part.length) })),
  FILES_TMPNAMES: () => [],
  FILES_TMP_CONTENT: (tx) => files(tx).map(({ name, value }) => ({ name, value })),
  GEO: (tx) => tx.geo,
  GLOBAL: persistent('GLOBAL'), IP: persistent('IP'), RESOURCE: persistent('RESOURCE'), SESSION: persistent('SESSION'), USER: persistent('USER'),
  MATCHED_VARS: (tx) => tx.matchedVars,
  MATCHED_VARS_NAMES: (tx) => names(tx.matchedVars),
  MULTIPART_FILENAME: (tx) => files(tx).map((part) => ({ name: part.name, value: part.filename! })),
  MULTIPART_NAME: (tx) => files(tx).map((part) => ({ name: part.name, value: part.name })),
  MULTIPART_PART_HEADERS: (tx) => tx.multipart?.parts.flatMap((part) => part.headers.map((value) => ({ name: part.name, value }))) ?? [],
  REQUEST_COOKIES: (tx) => tx.cookies,
  REQUEST_COOKIES_NAMES: (tx) => names(tx.cookies),
  REQUEST_HEADERS: (tx) => tx.requestHeaders,
  REQUEST_HEADERS_NAMES: (tx) => names(tx.requestHeaders),
  RESPONSE_HEADERS: (tx) => tx.responseHeaders,
  RESPONSE_HEADERS_NAMES: (tx) => names(tx.responseHeaders),
  RULE: (_, rule) => [
    { name: 'id', value: String(rule.id) }, { name: 'rev', value: rule.rev }, { name: 'severity', value: String(rule.severity ?? '') },
    { name: 'msg', value: rule.msg?.text ?? '' }, { name: 'logdata', value: rule.logdata?.text ?? '' },
  ],
  TX: (tx) => [...tx.tx.values()].map(({ key, value }) => ({ name: key, value })),
  XML: () => [],
};
