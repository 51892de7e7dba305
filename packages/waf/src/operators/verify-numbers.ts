import { translate } from '../regex/translate.ts';
import type { Operator } from './operator.ts';

const verify = (valid: (digits: string) => boolean): Operator => (param) => {
  const regex = new RegExp(translate(param).regex.source, 'g');
  return (value, run) => {
    for (let from = 0; from < value.length; from += 1) {
      regex.lastIndex = from;
      const found = regex.exec(value);
      if (found === null) return false;
      if (valid(found[0].replace(/\D/g, ''))) {
        run.found(found.index, found[0].length);
        run.capture(0, found[0]);
        return true;
      }
      from = found.index;
    }
    return false;
  };
};

/** ISO/IEC 7812: the Luhn sum over 13 to 19 digits. */
function luhn(digits: string): boolean {
  if (digits === '') return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    let digit = Number(digits[digits.length - 1 - at]);
    if (at % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** Brazil's CPF: two check digits modulo 11. */
function cpf(digits: string): boolean {
  if (digits.length !== 11 || /^(\d)\1*$/.test(digits)) return false;
  const check = (count: number): number => {
    let sum = 0;
    for (let at = 0; at < count; at += 1) sum += Number(digits[at]) * (count + 1 - at);
    return ((sum * 10) % 11) % 10;
  };
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
}

/** A US social security number: no block of zeros, no area 666 or 9xx, no run or repetition of one digit. */
function ssn(digits: string): boolean {
  if (digits.length !== 9 || /^(\d)\1*$/.test(digits) || digits === '123456789') return false;
  const area = Number(digits.slice(0, 3));
  return area > 0 && area < 740 && area !== 666 && Number(digits.slice(3, 5)) > 0 && Number(digits.slice(5)) > 0;
}

/** Austria's social insurance number: the fourth digit checks the rest. */
function svnr(digits: string): boolean {
  if (digits.length !== 10) return false;
  const weights = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6];
  return weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0) % 11 === Number(digits[3]);
}

/** Chile's RUT: digits weighted 2 to 7 from the right, checked modulo 11 by a digit or K. */
function rut(text: string): boolean {
  const found = /^(\d{7,8})([\dKk])$/.exec(text.replace(/[.-]/g, ''));
  if (found === null) return false;
  let sum = 0;
  for (let at = 0; at < found[1]!.length; at += 1) sum += Number(found[1]![found[1]!.length - 1 - at]) * (2 + (at % 6));
  return '0123456789K0'[(11 - (sum % 11)) % 11 === 10 ? 10 : (11 - (sum % 11)) % 11] === found[2]!.toUpperCase();
}

/** National ids by country: `cl PATTERN` or `us PATTERN`. */
export const validateNid: Operator = (param) => {
  const found = /^(cl|us)\s+([^]+)$/.exec(param.trim());
  if (found === null) throw new Error('@validateNid needs a country (cl, us) and a pattern');
  const regex = new RegExp(translate(found[2]!).regex.source, 'g');
  const valid = found[1] === 'cl' ? rut : (text: string) => ssn(text.replace(/\D/g, ''));
  return (value, run) => {
    for (const one of value.matchAll(regex)) {
      if (!valid(one[0])) continue;
      run.found(one.index, one[0].length);
      run.capture(0, one[0]);
      return true;
    }
    return false;
  };
};

export const verifyCC = verify(luhn);
export const verifyCPF = verify(cpf);
export const verifySSN = verify(ssn);
export const verifySVNR = verify(svnr);
