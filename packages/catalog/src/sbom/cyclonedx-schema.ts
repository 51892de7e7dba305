import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';

/** The versions that have a JSON schema. */
export const cycloneDxVersions = ['1.2', '1.3', '1.4', '1.5', '1.6', '1.7'] as const;
export type CycloneDxVersion = (typeof cycloneDxVersions)[number];

export type SchemaProblem = { readonly place: string; readonly cause: string };

const compiled = new Map<CycloneDxVersion, ValidateFunction>();

/** The first place at which a document breaks the specification's own JSON schema; undefined for a valid one. */
export function cycloneDxProblem(version: CycloneDxVersion, document: unknown): SchemaProblem | undefined {
  let validate = compiled.get(version);
  if (validate === undefined) {
    validate = compile(version);
    compiled.set(version, validate);
  }
  if (validate(document)) return undefined;
  return mostTelling(validate.errors ?? []);
}

function compile(version: CycloneDxVersion): ValidateFunction {
  const folder = path.join(path.dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')), 'res/schema');
  const schema = (name: string): object => JSON.parse(readFileSync(path.join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({ strict: false, allErrors: false, validateSchema: false, formats: { ...fullFormats, string: true, 'iri-reference': (text: string) => !/[\s<>"{}|\\^`]/.test(text), 'idn-email': (text: string) => /^[^\s@]+@[^\s@]+$/.test(text) } });
  for (const shared of ['spdx', 'jsf-0.82', ...(version === '1.7' ? ['cryptography-defs'] : [])]) ajv.addSchema(schema(shared), `http://cyclonedx.org/schema/${shared}.SNAPSHOT.schema.json`);
  return ajv.compile(schema(['1.2', '1.3'].includes(version) ? `bom-${version}-strict` : `bom-${version}`));
}

/** Of the errors that an alternative's branches give, the one that came furthest into the document. */
function mostTelling(errors: readonly ErrorObject[]): SchemaProblem {
  const [best] = [...errors].sort((a, b) => depthOf(b) - depthOf(a));
  if (best === undefined) return { place: '', cause: 'does not fit the schema' };
  const allowed = best.keyword === 'enum' ? (best.params as { allowedValues?: readonly unknown[] }).allowedValues : undefined;
  const named = best.keyword === 'additionalProperties' ? ` ("${(best.params as { additionalProperty?: string }).additionalProperty ?? ''}")` : '';
  return { place: best.instancePath.replace(/^\//, ''), cause: `${best.message ?? 'does not fit the schema'}${named}${allowed !== undefined && allowed.length <= 40 ? `: ${allowed.join(', ')}` : ''}` };
}

function depthOf(error: ErrorObject): number {
  return error.instancePath.split('/').length;
}
