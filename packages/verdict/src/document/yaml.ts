import { LineCounter, isNode, isScalar, parseAllDocuments } from 'yaml';
import type { Document, Scalar } from 'yaml';
import type { z } from 'zod';
import { PalisadeError, messageOf } from '@palisade/model/error';

/** A policy is written by people: larger or deeper files are an attack on the parser, not a policy. */
export const documentLimits = { bytes: 1024 * 1024, documents: 1000, depth: 64, aliases: 100 } as const;

export type Position = { readonly file: string; readonly line: number; readonly column: number };

/** One document of a file: its plain value, and where in the file each part of it stands. */
export type SourceDocument = {
  readonly file: string;
  readonly value: unknown;
  /** Position of the nearest existing node on the way to `path`; 1-based. */
  at(path: readonly PropertyKey[]): Position;
  /** Position of character `line`:`column` (1-based) inside the text at `path`. */
  inside(path: readonly PropertyKey[], line: number, column: number): Position;
};

/** An error that names file, line, column and cause. */
export function documentError(position: Position, cause: string, code = 'document-invalid'): PalisadeError {
  return new PalisadeError(code, `${position.file}:${position.line}:${position.column}: ${cause}`, {
    status: 422,
    detail: { file: position.file, line: position.line, column: position.column, cause },
  });
}

/** Reads the documents of one YAML or JSON file; empty documents are left out. Throws `document-invalid` at the first fault. */
export function readDocuments(text: string, file: string): SourceDocument[] {
  const start = { file, line: 1, column: 1 };
  if (Buffer.byteLength(text) > documentLimits.bytes) throw documentError(start, `larger than ${documentLimits.bytes} bytes`);
  const lines = new LineCounter();
  try {
    refuseDepth(text, file);
    const parsed: Document.Parsed[] = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })];
    if (parsed.length > documentLimits.documents) throw documentError(start, `more than ${documentLimits.documents} documents`);
    const found: SourceDocument[] = [];
    for (const document of parsed) {
      const fault = document.errors[0];
      if (fault !== undefined) throw documentError(place(lines, file, fault.pos[0]), fault.message);
      const value: unknown = document.toJS({ maxAliasCount: documentLimits.aliases });
      if (value === null || value === undefined) continue;
      found.push(located(document, value, lines, file));
    }
    return found;
  } catch (error) {
    if (error instanceof PalisadeError) throw error;
    throw documentError(start, `not readable as YAML: ${messageOf(error)}`);
  }
}

/** The recursive parser must not be led into a stack overflow: bounds brackets and indentation before it runs. */
function refuseDepth(text: string, file: string): void {
  let line = 0;
  let open = 0;
  for (const content of text.split('\n')) {
    line += 1;
    const indent = content.length - content.trimStart().length;
    const dashes = (/^(?:[ \t]*[-?](?=\s|$))*/.exec(content)?.[0] ?? '').replace(/[^-?]/g, '').length;
    open += content.replace(/[^[{]/g, '').length - content.replace(/[^\]}]/g, '').length;
    open = Math.max(0, open);
    if (open > documentLimits.depth * 8 || dashes > documentLimits.depth || indent > documentLimits.depth * 16) {
      throw documentError({ file, line, column: 1 }, `nested deeper than ${documentLimits.depth} levels`);
    }
  }
}

function place(lines: LineCounter, file: string, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

function located(document: Document.Parsed, value: unknown, lines: LineCounter, file: string): SourceDocument {
  const nodeAt = (path: readonly PropertyKey[]): unknown => {
    for (let length = path.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node;
    }
    return document.contents;
  };
  const at = (path: readonly PropertyKey[]): Position => {
    const node = nodeAt(path);
    return place(lines, file, isNode(node) ? (node.range?.[0] ?? 0) : 0);
  };
  return {
    file,
    value,
    at,
    inside(path, line, column) {
      const node = nodeAt(path);
      const start = at(path);
      if (!isScalar(node)) return start;
      return insideScalar(node, start, line, column);
    },
  };
}

function insideScalar(node: Scalar, start: Position, line: number, column: number): Position {
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') {
    return { file: start.file, line: start.line + line, column };
  }
  const quote = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0;
  return line === 1
    ? { file: start.file, line: start.line, column: start.column + quote + column - 1 }
    : { file: start.file, line: start.line + line - 1, column };
}

/** Checks one document against its schema; the first fault is thrown at its place in the file. */
export function checkDocument<Schema extends z.ZodType>(document: SourceDocument, schema: Schema): z.infer<Schema> {
  const checked = schema.safeParse(document.value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const path = issue?.path ?? [];
  const extra = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const where = extra === undefined ? path : [...path, extra];
  throw documentError(document.at(where), `${where.length === 0 ? 'document' : where.map(String).join('.')}: ${issue?.message ?? 'not valid'}`);
}

/** The document's kind, or an error that names what stands there instead. */
export function kindOf(document: SourceDocument): string {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw documentError(document.at([]), 'a document is a mapping with apiVersion, kind, metadata and spec');
  }
  const kind: unknown = Reflect.get(value, 'kind');
  if (typeof kind !== 'string') throw documentError(document.at([]), 'kind is missing');
  return kind;
}
