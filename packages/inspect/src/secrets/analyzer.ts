import type { Analyzer, OpenFile, Report } from '@palisade/image/analyzer';
import { LayeredText } from './text-window.ts';
import { secretDetector } from './detect.ts';
import { maskSecret } from './mask.ts';
import type { SecretRules } from './rule.ts';

/** Against files made to cost time: larger ones are a gap, binary ones are counted. */
export const secretLimits = { fileBytes: 16 * 1024 * 1024, windowBytes: 256 * 1024, overlapBytes: 8 * 1024, sniffBytes: 8000, finds: 200 } as const;

/** What a layer's cache keeps of a secret: never the secret itself. */
export type SecretFact = { readonly rule: string; readonly line: number; readonly column: number; readonly masked: string };
/** `binary`: the file was opened and left unsearched, which the scan counts. */
export type SecretFacts = { readonly secrets: readonly SecretFact[]; readonly binary?: true };

/** Names whose content is not text; they are not opened. Everything else is opened and its first bytes decide. */
const binaryNames = /\.(?:a|bin|bmp|bz2|class|db|deb|dll|exe|gif|gz|ico|jar|jpe?g|ko|lz4?|mo|mp[34]|o|otf|pack|pdf|png|pyc|rpm|so(?:\.[\d.]+)?|sqlite3?|tar|tgz|ttf|war|webp|whl|woff2?|xz|zip|zst)$/i;

/** The reader of files for secrets by the given rules. */
export function secretsAnalyzer(rules: SecretRules): Analyzer<SecretFacts> {
  const detector = secretDetector(rules);
  const pathRules = rules.rules.flatMap((rule) => (rule.path !== undefined && rule.regex === undefined ? [rule.path] : []));
  // Whatever asks for a path: where all of it says the same of two paths, they are searched alike.
  const named = [...rules.rules.flatMap((rule) => (rule.path === undefined ? [] : [rule.path])), ...[...rules.allowlists, ...rules.rules.flatMap((rule) => rule.allowlists)].flatMap((list) => list.paths)];
  return {
    id: 'secrets',
    version: rules.version,
    wants(stat) {
      if (stat.type !== 'file' || stat.size === 0) return false;
      if (pathRules.some((pattern) => pattern.test(stat.path))) return !detector.skipsPath(stat.path);
      return !binaryNames.test(stat.path) && !detector.skipsPath(stat.path);
    },
    alike: (one, other) => named.every((pattern) => pattern.test(one) === pattern.test(other)),
    async read(file, report) {
      const { size, path } = file.stat;
      if (size > secretLimits.fileBytes) {
        report.gap({ kind: 'limit-secret-file-size', subject: path, reason: `${size} bytes; files over ${secretLimits.fileBytes} are not searched for secrets`, count: 1 });
        return undefined;
      }
      return search(file, report);
    },
  };

  async function search(file: OpenFile, report: Report): Promise<SecretFacts | undefined> {
    const { path } = file.stat;
    const secrets = new Map<string, SecretFact>();
    const text = new LayeredText(secretLimits.windowBytes, secretLimits.overlapBytes);
    const take = (window: { bytes: Uint8Array; line: number }): void => {
      for (const one of detector.detect(window.bytes, path)) {
        if (secrets.size >= secretLimits.finds) return;
        const line = window.line + one.line - 1;
        const masked = one.secret === '' ? '' : maskSecret(one.secret);
        secrets.set(`${one.rule.id}\n${line}\n${one.column}`, { rule: one.rule.id, line, column: one.column, masked });
      }
    };
    let first = true;
    for await (const chunk of file.stream()) {
      report.signal.throwIfAborted();
      if (first && isBinary(chunk)) {
        return { secrets: pathOnly(path), binary: true };
      }
      first = false;
      for (const window of text.push(chunk)) take(window);
    }
    for (const window of text.end()) take(window);
    if (secrets.size >= secretLimits.finds) {
      report.gap({ kind: 'limit-secret-finds', subject: path, reason: `more than ${secretLimits.finds} secrets in one file; the rest is not listed`, count: 1 });
    }
    return secrets.size === 0 ? undefined : { secrets: [...secrets.values()] };
  }

  /** A rule by path alone speaks of binary files too. */
  function pathOnly(path: string): SecretFact[] {
    const named = rules.rules.filter((rule) => rule.regex === undefined && rule.path?.test(path) === true);
    return named.map((rule) => ({ rule: rule.id, line: 1, column: 1, masked: '' }));
  }
}

function isBinary(chunk: Uint8Array): boolean {
  return chunk.subarray(0, secretLimits.sniffBytes).includes(0);
}
