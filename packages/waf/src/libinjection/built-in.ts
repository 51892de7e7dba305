import type { Detection } from './detection.ts';
import { isOrdinaryText } from './sqli-quick.ts';
import { detectSqli } from './sqli.ts';
import { isXss } from './xss.ts';

/** The port of libinjection that comes with the engine: no native code, nothing to install. */
export const detection: Detection = { sqli: (value) => (isOrdinaryText(value) ? undefined : detectSqli(value)), isNoSqli: isOrdinaryText, xss: isXss };
