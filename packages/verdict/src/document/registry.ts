import { stringify } from 'yaml';
import { GatePolicy } from '@palisade/model/gate-policy';
import { ResponsePolicy } from '@palisade/model/response-policy';
import { WafSite } from '@palisade/model/waf-site';
import { Waiver } from '@palisade/model/waiver';
import { PalisadeError } from '@palisade/model/error';
import { compilePolicyDocument } from '../policy/compile.ts';
import { checkResponsePolicy } from '../response/compile.ts';
import { checkWafSite } from '../waf/check.ts';
import { checkWaiver } from '../waiver/compile.ts';
import { documentError, kindOf, readDocuments } from './yaml.ts';
import type { Position, SourceDocument } from './yaml.ts';

type Kind = { readonly schema: typeof GatePolicy | typeof Waiver | typeof ResponsePolicy | typeof WafSite; check(document: SourceDocument): PalisadeDocument };

/** Every kind of document that can be declared so far: schema and meaning are checked, rules are compiled. */
const kinds: Readonly<Record<string, Kind>> = {
  GatePolicy: { schema: GatePolicy, check: (document) => compilePolicyDocument(document).document },
  Waiver: { schema: Waiver, check: checkWaiver },
  ResponsePolicy: { schema: ResponsePolicy, check: checkResponsePolicy },
  WafSite: { schema: WafSite, check: checkWafSite },
};

export type PalisadeDocument = GatePolicy | Waiver | ResponsePolicy | WafSite;
export const documentKinds: readonly string[] = Object.keys(kinds);

/** Why one document of a file was refused; `cause` begins with the path of the field at fault where there is one. */
export type DocumentFault = Position & { readonly cause: string };

/** A fault that only the asker can find, at its place in the document. */
export type FurtherFault = { readonly path: readonly PropertyKey[]; readonly cause: string };

/**
 * Reads every document of a YAML or JSON text. Each that is wrong gives one fault; none of them is left out silently.
 * `further` is asked about each that is right so far; what it finds are faults too.
 */
export function checkDocuments(text: string, file: string, further: (document: PalisadeDocument) => readonly FurtherFault[] = () => []): { documents: PalisadeDocument[]; faults: DocumentFault[] } {
  const documents: PalisadeDocument[] = [];
  const faults: DocumentFault[] = [];
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof PalisadeError)) throw error;
      const { line, column, cause, rule } = error.detail;
      const what = String(cause ?? error.message);
      faults.push({ file, line: Number(line ?? 1), column: Number(column ?? 1), cause: rule === undefined ? what : `rule "${rule}": ${what}` });
      return undefined;
    }
  };
  const sources = attempt(() => readDocuments(text, file));
  if (sources?.length === 0) faults.push({ file, line: 1, column: 1, cause: 'no document in it' });
  for (const source of sources ?? []) {
    const document = attempt(() => checkOne(source));
    if (document === undefined) continue;
    const more = further(document);
    for (const { path, cause } of more) faults.push({ ...source.at(path), cause });
    if (more.length === 0) documents.push(document);
  }
  return { documents, faults };
}

function checkOne(source: SourceDocument): PalisadeDocument {
  const kind = kindOf(source);
  const check = Object.hasOwn(kinds, kind) ? kinds[kind]?.check : undefined;
  if (check === undefined) throw documentError(source.at(['kind']), `kind: "${kind}" is not known; known are ${documentKinds.join(', ')}`);
  return check(source);
}

/**
 * A stored document as YAML in the order people write it, whatever order its keys were stored in. Its schema is asked,
 * its rules are not compiled again. Throws `document-invalid` for what the schema refuses.
 */
export function documentText(document: PalisadeDocument): string {
  const kind = Object.hasOwn(kinds, document.kind) ? kinds[document.kind] : undefined;
  const ordered = kind?.schema.safeParse(document);
  if (ordered?.success !== true) throw new PalisadeError('document-invalid', ordered?.error.issues[0]?.message ?? `kind: "${document.kind}" is not known`, { status: 422 });
  return stringify(ordered.data, { lineWidth: 0 });
}
