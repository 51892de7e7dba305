import { requireByte } from '../prefilter/requirement.ts';
import { setOf } from '../regex/byte-sets.ts';
import type { Operator } from './operator.ts';

/** Matches when a percent sign is not followed by two hex digits. */
export const validateUrlEncoding: Operator = () => Object.assign((value: string) => /%(?![0-9a-fA-F]{2})/.test(value), { requires: () => requireByte(setOf(37)) });
