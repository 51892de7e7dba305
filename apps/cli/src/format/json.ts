import type { ScanResult } from '@palisade/model/scan-result';

/**
 * The scan as indented JSON, the same text as JSON.stringify(result, null, 2), in pieces of one list entry each: as one
 * string a scan of thousands of findings would cost several times its own size.
 */
export function* jsonPieces(result: ScanResult): Generator<string> {
  let separator = '{\n';
  for (const [key, value] of Object.entries(result) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${separator}  ${JSON.stringify(key)}: `;
    separator = ',\n';
    if (Array.isArray(value) && value.length > 0) yield* list(value);
    else yield indented(value, '  ');
  }
  yield '\n}\n';
}

function* list(values: readonly unknown[]): Generator<string> {
  let separator = '[\n';
  for (const value of values) {
    yield `${separator}    ${indented(value, '    ')}`;
    separator = ',\n';
  }
  yield '\n  ]';
}

function indented(value: unknown, by: string): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${by}`);
}
