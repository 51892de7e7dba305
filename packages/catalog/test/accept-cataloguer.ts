import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cataloguer } from '@palisade/catalog/found';
import { Gap } from '@palisade/model/gap';
import { readWith, statOf } from './open-file.ts';
import { fuzz } from '../../../test/fuzz.ts';

/** What a member brings: files with the packages in them ("name@version"), paths that are none of its, and files that must end in a gap. */
export type CataloguerCase = {
  readonly reads: readonly { readonly path: string; readonly content: Buffer | string; readonly packages: readonly string[]; readonly mode?: number }[];
  readonly ignores: readonly string[];
  readonly broken: readonly { readonly path: string; readonly content: Buffer | string }[];
};

/** The kit of cataloguers: what every member must hold. */
export function acceptCataloguer(cataloguer: Cataloguer, given: CataloguerCase): void {
  describe(`cataloguer ${cataloguer.id}`, () => {
    it.each(given.reads)('reads $path', async ({ path, content, packages, mode }) => {
      expect(cataloguer.wants(statOf(path, Math.max(1024 * 1024, content.length), mode))).toBe(true);
      const { data, gaps } = await readWith(cataloguer, path, content, mode);
      expect(gaps).toEqual([]);
      expect((data?.packages ?? []).map((found) => `${found.namespace === undefined ? '' : `${found.namespace}/`}${found.name}@${found.version}`)).toEqual(packages);
      // What is cached must survive JSON, and be the same each time.
      expect(JSON.parse(JSON.stringify(data ?? null))).toEqual(data ?? null);
      expect((await readWith(cataloguer, path, content, mode)).data).toEqual(data);
    });

    it('leaves other files and other kinds of entry alone', () => {
      for (const path of ['etc/passwd', 'usr/share/doc/x/README', ...given.ignores]) expect([path, cataloguer.wants(statOf(path, 4096))]).toEqual([path, false]);
      for (const { path } of given.reads) expect(cataloguer.wants({ ...statOf(path, 0), type: 'directory' })).toBe(false);
    });

    it.each(given.broken)('reports a gap for broken $path', async ({ path, content }) => {
      const { gaps } = await readWith(cataloguer, path, content);
      expect(gaps.length).toBeGreaterThan(0);
      for (const gap of gaps) expect(Gap.safeParse(gap).success).toBe(true);
    });

    it('survives any damage to its files', async () => {
      const seeds = given.reads.map(({ path, content, mode }) => ({ path, mode, bytes: Buffer.from(content) }));
      await fc.assert(
        fc.asyncProperty(fc.nat(seeds.length - 1), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }), fc.option(fc.nat()), async (index, changes, cut) => {
          const seed = seeds[index] as (typeof seeds)[number];
          const bytes = Buffer.from(seed.bytes);
          for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
          const { data } = await readWith(cataloguer, seed.path, cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1)), seed.mode);
          for (const found of data?.packages ?? []) expect(typeof found.name + typeof found.version).toBe('stringstring');
        }),
        fuzz(300),
      );
    });

    it('survives arbitrary bytes', async () => {
      const paths = given.reads.map(({ path }) => path);
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...paths), fc.uint8Array({ maxLength: 2000 }), async (path, bytes) => {
          await readWith(cataloguer, path, Buffer.from(bytes), 0o755);
        }),
        fuzz(150),
      );
    });
  });
}
