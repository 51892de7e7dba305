import { isUtf8 } from 'node:buffer';
import { toBuffer } from '../bytes.ts';
import { requireByte } from '../prefilter/requirement.ts';
import type { Operator } from './operator.ts';

const above = new Uint8Array(256).fill(1, 128);

/** Matches when the value is not well-formed UTF-8. */
export const validateUtf8Encoding: Operator = () => Object.assign((value: string) => /[\x80-\xff]/.test(value) && !isUtf8(toBuffer(value)), { requires: () => requireByte(above) });
