import type { Operator } from './operator.ts';

/** Matches when a percent sign is not followed by two hex digits. */
export const validateUrlEncoding: Operator = () => (value) => /%(?![0-9a-fA-F]{2})/.test(value);
