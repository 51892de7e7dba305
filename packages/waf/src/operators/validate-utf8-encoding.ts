import { isUtf8 } from 'node:buffer';
import { toBuffer } from '../bytes.ts';
import type { Operator } from './operator.ts';

/** Matches when the value is not well-formed UTF-8. */
export const validateUtf8Encoding: Operator = () => (value) => /[\x80-\xff]/.test(value) && !isUtf8(toBuffer(value));
