import type { Operator } from './operator.ts';

/** A check against one schema; answers what is wrong with a document (bytes as a latin1 string), or that it isn't well-formed. */
export type XmlCheck = (document: string) => { readonly wellFormed: boolean; readonly errors: readonly string[] };
/** The library that reads schemas. `schema` and `dtd` throw for one that can't be read. */
export type XmlValidation = { schema(text: string): XmlCheck; dtd(text: string): XmlCheck };

/** Matches what does not keep to the schema. The value of a bare XML target is the document as it came. */
const validate = (word: 'Schema' | 'DTD', kind: keyof XmlValidation): Operator => (param, context) => {
  const file = param.trim();
  const library = context.xml?.();
  if (library === undefined) throw new Error(`@validate${word} needs an XML library, which is not loaded`);
  let check: XmlCheck;
  try {
    check = library[kind](context.readFile(file));
  } catch (error) {
    throw new Error(`XML: Failed to load ${word}: ${file}. ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return (value, run) => {
    const { wellFormed, errors } = check(value);
    if (wellFormed && errors.length === 0) {
      run.said?.(`XML: Successfully validated payload against ${word}: ${file}`);
      return false;
    }
    if (!wellFormed) run.said?.(`XML: ${word} validation failed because content is not well formed`);
    for (const error of errors) run.said?.(`XML Error: ${error}`);
    return true;
  };
};

export const validateSchema = validate('Schema', 'schema');
export const validateDtd = validate('DTD', 'dtd');
