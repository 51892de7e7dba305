import type { ScanResult } from '@palisade/model/scan-result';

/**
 * The scan as indented JSON, the same text as JSON.stringify(result, null, 2), in pieces of one list entry each: as one
 * string a scan of thousands of findings would cost several times its own size.
 */
export function* jsonPieces(result: ScanResult): Generator<string> {
  let separator = '{\n';
  for (const [key, value] of Object.entries(result) as [string, unknown][]) {
    if (value === undefined) continue;
    yield separator;
    separator = ',\n';
    if (Array.isArray(value) && value.length > 0) yield* list(key, value);
    else yield inside(JSON.stringify({ [key]: value }, null, 2));
  }
  yield '\n}\n';
}

/** Entries in groups: each is indented by being written where it belongs, two levels deep. */
function* list(key: string, values: readonly unknown[]): Generator<string> {
  yield `  ${JSON.stringify(key)}: [\n`;
  for (let at = 0; at < values.length; at += group) {
    const text = JSON.stringify({ a: values.slice(at, at + group) }, null, 2);
    yield `${at === 0 ? '' : ',\n'}${text.slice(prefix.length, -suffix.length)}`;
  }
  yield '\n  ]';
}

const group = 50;
const prefix = '{\n  "a": [\n';
const suffix = '\n  ]\n}';

/** What stands between the braces of an object's text. */
function inside(text: string): string {
  return text.slice(2, -2);
}
