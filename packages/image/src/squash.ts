import type { Fact } from './analyzer.ts';
import type { LayerFacts } from './layer/layer-facts.ts';
import { parentOf } from './path.ts';

/**
 * Lays layers over each other, from the lowest up. Every fact is kept; one whose file a later layer deleted,
 * overwrote or hid says so in `removed` (that layer's diff id).
 */
export function squash(layers: readonly { readonly diffId: string; readonly facts: LayerFacts }[]): Fact[] {
  const result: Fact[] = [];
  // What upper layers hide, filled from the top down. A path already hidden keeps the lowest layer that hides it,
  // since that is the one that took it away.
  const hidden = new Map<string, string>();
  const hiddenBelow = new Map<string, string>();
  for (let index = layers.length - 1; index >= 0; index -= 1) {
    const layer = layers[index];
    if (layer === undefined) continue;
    const { diffId, facts } = layer;
    for (const fact of facts.facts) {
      const removed = hidden.get(fact.path) ?? hiddenAncestor(fact.path);
      result.push({ ...fact, layer: diffId, ...(removed === undefined ? {} : { removed }) });
    }
    for (const path of facts.covers) hidden.set(path, diffId);
    for (const path of [...facts.whiteouts, ...facts.replaced]) {
      hidden.set(path, diffId);
      hiddenBelow.set(path, diffId);
    }
    for (const path of facts.opaque) hiddenBelow.set(path, diffId);
  }
  return result.reverse();

  function hiddenAncestor(path: string): string | undefined {
    if (hiddenBelow.size === 0) return undefined;
    for (let parent = parentOf(path); ; parent = parentOf(parent)) {
      const by = hiddenBelow.get(parent);
      if (by !== undefined) return by;
      if (parent === '') return undefined;
    }
  }
}
