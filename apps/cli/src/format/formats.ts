import type { ScanResult } from '@palisade/model/scan-result';
import type { Locale } from '@palisade/model/text';
import { productVersion } from '../product-version.ts';

export type FormatOptions = { readonly locale: Locale; readonly color: boolean; /** Columns of the terminal. */ readonly width?: number; readonly now: Date };
type Formatter = (result: ScanResult, options: FormatOptions) => string | Iterable<string>;

/** Every output format, loaded only when asked for. */
const formats = {
  table: async (): Promise<Formatter> => (await import('./table.ts')).formatTable,
  json: async (): Promise<Formatter> => (await import('./json.ts')).jsonPieces,
  sarif: async (): Promise<Formatter> => {
    const { formatSarif } = await import('./sarif.ts');
    return (result, { locale }) => formatSarif(result, locale);
  },
  cyclonedx: async (): Promise<Formatter> => {
    const { formatCycloneDx } = await import('@palisade/report/cyclonedx');
    return (result, { now }) => formatCycloneDx(result, { now, version: productVersion });
  },
  spdx: async (): Promise<Formatter> => {
    const { formatSpdx } = await import('@palisade/report/spdx');
    return (result, { now }) => formatSpdx(result, { now, version: productVersion });
  },
  junit: async (): Promise<Formatter> => {
    const { formatJunit } = await import('./junit.ts');
    return (result, { locale }) => formatJunit(result, locale);
  },
  html: async (): Promise<Formatter> => {
    const { formatHtml } = await import('./html.ts');
    return (result, { locale, now }) => formatHtml(result, locale, now);
  },
} as const;

export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as readonly FormatName[];

/** Loads what writes a scan in one of the formats, as text in one or more pieces. */
export async function formatter(name: FormatName): Promise<(result: ScanResult, options: FormatOptions) => Iterable<string>> {
  const write = await formats[name]();
  return (result, options) => {
    const text = write(result, options);
    return typeof text === 'string' ? [text] : text;
  };
}
