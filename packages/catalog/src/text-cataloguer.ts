import { messageOf } from '@palisade/model/error';
import type { Cataloguer, Found } from './found.ts';
import { basename, malformed } from './found.ts';

type Read = { readonly packages: readonly Found[]; readonly bad: number };

/** Packages of a text; `bad` counts entries that name none. Throws on a text that is not of this format. */
export type TextReader = (text: string, path: string) => Read | Promise<Read>;

/** The reader for a path by its name alone, or undefined for a file of no interest. */
export type ReaderChoice = (name: string, path: string) => TextReader | undefined;

const limit = 128 * 1024 * 1024;

/** A cataloguer of text files: what cannot be read becomes a gap that names the file and the cause. */
export function textCataloguer(id: string, version: number, choose: ReaderChoice): Cataloguer {
  return {
    id,
    version,
    wants: (stat) => stat.type === 'file' && choose(basename(stat.path), stat.path) !== undefined,
    async read(file, report) {
      const { path } = file.stat;
      const reader = choose(basename(path), path);
      if (reader === undefined) return undefined;
      const text = Buffer.from(await file.bytes(limit)).toString('utf8');
      try {
        const { packages, bad } = await reader(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, path);
        if (bad > 0) report.gap(malformed(path, 'entries without a readable name or version', bad));
        return { packages };
      } catch (error) {
        report.gap(malformed(path, messageOf(error).split('\n', 1)[0] ?? ''));
        return undefined;
      }
    },
  };
}

/** True for a JSON, YAML or TOML mapping. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON document that is an object; throws else. */
export function jsonObject(text: string): Record<string, unknown> {
  const document: unknown = JSON.parse(text);
  if (!isMapping(document)) throw new Error('not a JSON object');
  return document;
}

/** Collects packages, counting entries that lack a name or version. */
export function collector(type: string): { readonly packages: Found[]; bad: number; add(name: unknown, version: unknown, extra?: Partial<Found>): void } {
  return {
    packages: [],
    bad: 0,
    add(name, version, extra = {}) {
      if (typeof name === 'string' && typeof version === 'string' && name !== '' && version !== '') this.packages.push({ type, name, version, ...extra });
      else this.bad += 1;
    },
  };
}
