import type { Parameter } from './urlencoded.ts';
import { fromUtf8 } from '../bytes.ts';

/** Each leaf as `json.path.to.leaf`, array elements as `array_N`; an error instead of a partial answer. */
export function parseJson(bytes: string, limits: { readonly depth: number; readonly leaves: number }): { readonly parameters: Parameter[]; readonly error?: string } {
  const parameters: Parameter[] = [];
  let root: unknown;
  try {
    root = JSON.parse(Buffer.from(bytes, 'latin1').toString('utf8'));
  } catch (error) {
    return { parameters, error: `JSON parsing error: ${(error as Error).message}` };
  }
  let problem: string | undefined;
  const walk = (value: unknown, path: string, depth: number): void => {
    if (problem !== undefined) return;
    if (depth > limits.depth) problem = 'JSON parsing error: nesting deeper than the limit';
    else if (parameters.length >= limits.leaves) problem = 'JSON parsing error: more arguments than the limit';
    else if (Array.isArray(value)) for (let index = 0; index < value.length; index += 1) walk(value[index], `${path}.array_${index}`, depth + 1);
    else if (value !== null && typeof value === 'object') for (const [key, child] of Object.entries(value)) walk(child, `${path}.${fromUtf8(key)}`, depth + 1);
    else parameters.push({ name: path, value: value === null ? '' : typeof value === 'string' ? fromUtf8(value) : `${value as number | boolean}` });
  };
  walk(root, 'json', 0);
  return problem === undefined ? { parameters } : { parameters, error: problem };
}
