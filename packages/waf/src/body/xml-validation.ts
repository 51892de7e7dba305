import { DtdValidator, ParseOption, XmlDocument, XmlDtd, XmlLibError, XmlValidateError, XsdValidator } from 'libxml2-wasm';
import { toBuffer } from '../bytes.ts';
import type { XmlCheck, XmlValidation } from '../operators/validate-xml.ts';

// Neither the network nor other files are there for a document or a schema (XXE).
const closed = (ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET) as ParseOption;
const most = 100; // errors told of one document

const messages = (error: XmlLibError): string[] => error.details.slice(0, most).map(({ message }) => message.trim());

const checkWith = (validator: { validate(document: XmlDocument): void }): XmlCheck => (bytes) => {
  let document: XmlDocument;
  try {
    document = XmlDocument.fromBuffer(toBuffer(bytes.replace(/^\s+/, '')), { option: closed });
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error;
    return { wellFormed: false, errors: messages(error) };
  }
  try {
    validator.validate(document);
    return { wellFormed: true, errors: [] };
  } catch (error) {
    if (!(error instanceof XmlValidateError)) throw error;
    const found = messages(error);
    return { wellFormed: true, errors: found.length === 0 ? [error.message.trim()] : found };
  } finally {
    document.dispose();
  }
};

/** Schemas and DTDs through libxml2 (WebAssembly; loading it takes about 60 ms, so only rules that ask for it do). */
export const xmlValidation: XmlValidation = {
  schema(text) {
    const document = XmlDocument.fromBuffer(toBuffer(text), { option: closed });
    try {
      return checkWith(XsdValidator.fromDoc(document));
    } finally {
      document.dispose();
    }
  },
  dtd: (text) => checkWith(new DtdValidator(XmlDtd.fromBuffer(toBuffer(text)))),
};
