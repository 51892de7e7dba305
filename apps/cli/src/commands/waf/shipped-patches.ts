import { readVirtualPatches } from '@palisade/waf/virtual-patches';
import type { VirtualPatch } from '@palisade/waf/virtual-patches';
import { readContent } from '../../scan/content.ts';

/** The virtual patches that ship with the product. Throws where this installation lacks them. */
export function shippedPatches(): readonly VirtualPatch[] {
  const { text, file } = readContent('waf/virtual-patches.conf');
  return readVirtualPatches(text, file);
}
