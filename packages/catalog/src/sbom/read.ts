import { messageOf } from '@palisade/model/error';
import { readCycloneDx } from './cyclonedx.ts';
import { cycloneDxFromXml } from './cyclonedx-xml.ts';
import { sbomLimits, UnreadableSbom } from './document.ts';
import type { Sbom } from './document.ts';
import { spdxFromTagValue } from './spdx-tag-value.ts';
import { readSpdx } from './spdx.ts';
import { readSyft } from './syft.ts';
import { readXml } from './xml-tree.ts';

/**
 * Reads an SBOM, told apart by content: CycloneDX 1.2 to 1.7 (JSON or XML), SPDX 2 (JSON or tag-value), Syft JSON.
 * Throws UnreadableSbom with file, place and cause; what is valid but can't be matched is a gap.
 */
export function readSbom(bytes: Uint8Array, subject: string): Sbom {
  if (bytes.length > sbomLimits.bytes) throw new UnreadableSbom(subject, '', `${bytes.length} bytes, more than ${sbomLimits.bytes}`);
  const text = decode(bytes, subject);
  const start = text.trimStart();
  if (start.startsWith('<')) return readCycloneDx(cycloneDxFromXml(readXml(start, subject), subject), subject, 'XML');
  if (!start.startsWith('{')) {
    if (/^SPDXVersion:/m.test(text.slice(0, 100_000))) return readSpdx(spdxFromTagValue(text, subject), subject, 'tag-value');
    throw new UnreadableSbom(subject, '', 'neither JSON, XML nor SPDX tag-value');
  }
  const value = parseJson(text, subject);
  if ('spdxVersion' in value) return readSpdx(value, subject, 'JSON');
  if ('artifacts' in value && 'schema' in value) return readSyft(value, subject);
  if ('bomFormat' in value || 'specVersion' in value) return readCycloneDx(value, subject, 'JSON');
  throw new UnreadableSbom(subject, '', 'no bomFormat (CycloneDX), spdxVersion (SPDX) or artifacts (Syft)');
}

function decode(bytes: Uint8Array, subject: string): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UnreadableSbom(subject, '', `not ${utf16 ? 'UTF-16' : 'UTF-8'} text: ${messageOf(error)}`);
  }
}

function parseJson(text: string, subject: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableSbom(subject, '', messageOf(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnreadableSbom(subject, '', 'is no JSON object');
  return value;
}
