import type { Operator } from './operator.ts';
import { beginsWith } from './begins-with.ts';
import { eq, ge, gt, le, lt } from './compare.ts';
import { noMatch, unconditionalMatch } from './constant.ts';
import { containsWord } from './contains-word.ts';
import { contains } from './contains.ts';
import { detectSqli } from './detect-sqli.ts';
import { detectXss } from './detect-xss.ts';
import { endsWith } from './ends-with.ts';
import { geoLookup } from './geo-lookup.ts';
import { ipMatch, ipMatchFromFile } from './ip-match.ts';
import { pm, pmFromFile } from './phrases.ts';
import { rx, rxGlobal } from './rx.ts';
import { streq } from './streq.ts';
import { strmatch } from './strmatch.ts';
import { rbl } from './unavailable.ts';
import { validateByteRange } from './validate-byte-range.ts';
import { validateUrlEncoding } from './validate-url-encoding.ts';
import { validateUtf8Encoding } from './validate-utf8-encoding.ts';
import { validateDtd, validateSchema } from './validate-xml.ts';
import { validateNid, verifyCC, verifyCPF, verifySSN, verifySVNR } from './verify-numbers.ts';
import { within } from './within.ts';

/** Every operator under its SecLang word, lower case. */
export const operators: Readonly<Record<string, Operator>> = {
  beginswith: beginsWith, contains, containsword: containsWord, detectsqli: detectSqli, detectxss: detectXss, endswith: endsWith,
  eq, ge, geolookup: geoLookup, gt, ipmatch: ipMatch, ipmatchf: ipMatchFromFile, ipmatchfromfile: ipMatchFromFile, le, lt,
  nomatch: noMatch, pm, pmf: pmFromFile, pmfromfile: pmFromFile, rbl, rx, rxglobal: rxGlobal, streq, strmatch,
  unconditionalmatch: unconditionalMatch, validatedtd: validateDtd, validatenid: validateNid, validateschema: validateSchema, validatebyterange: validateByteRange, validateurlencoding: validateUrlEncoding,
  validateutf8encoding: validateUtf8Encoding, verifycc: verifyCC, verifycpf: verifyCPF, verifyssn: verifySSN, verifysvnr: verifySVNR, within,
};
