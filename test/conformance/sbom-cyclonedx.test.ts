import { readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readSbom } from '@palisade/catalog/sbom/read';
import { conformance, unpack } from '../conformance-data.ts';

conformance('CycloneDX documents', ['cyclonedx-samples.tar.gz'], () => {
  const folder = unpack('cyclonedx-samples.tar.gz');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const files = ['1.5', '1.6'].flatMap((version) => readdirSync(path.join(folder, version)).map((name) => path.join(version, name)));
  const outcome = (file: string): string => {
    try {
      const { format } = readSbom(readFileSync(path.join(folder, file)), file);
      return format.replace('CycloneDX ', '');
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  it('are read where valid, in both encodings', () => {
    const valid = files.filter((file) => path.basename(file).startsWith('valid-'));
    expect(valid.length).toBe(166);
    expect(valid.map((file) => [file, outcome(file)]).filter(([file = '', said]) => said !== `${file.slice(0, 3)} ${file.endsWith('.xml') ? 'XML' : 'JSON'}`)).toEqual([]);
  });

  it('are refused where invalid, with file and cause', () => {
    const invalid = files.filter((file) => path.basename(file).startsWith('invalid-'));
    expect(invalid.length).toBe(98);
    expect(invalid.map((file) => [file, outcome(file)]).filter(([file, said = '']) => !said.startsWith(`${file}: `) || said.length < 30)).toEqual([]);
  });
});
