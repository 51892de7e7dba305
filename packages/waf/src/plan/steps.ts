import type { Transformation } from '../transformations/transformation.ts';
import { triggers } from './triggers.ts';

/**
 * Chains of transformations as one tree, so that chains with a common start share its results. Node 0 is the value as it came.
 * Upper and lower case make no difference to what a scan finds, so a change of case at the end of a chain has no node.
 */
export type Steps = { readonly nodes: Step[]; place(chain: readonly Named[]): Place };
export type Named = { readonly name: string; readonly apply: Transformation };
export type Step = { readonly parent: number; readonly name: string; readonly apply: Transformation; /** Bytes without which the step changes nothing; undefined when it may change anything. */ readonly trigger: Uint8Array | undefined };
/** Where a chain ends in the tree, the changes of case after that, and the nodes a value passes on the way. */
export type Place = { readonly node: number; readonly cases: readonly Named[]; readonly passes: readonly number[] };

const changesCase = (name: string): boolean => name === 'lowercase' || name === 'uppercase';

export function newSteps(): Steps {
  const nodes: Step[] = [{ parent: -1, name: '', apply: (value) => value, trigger: undefined }];
  const children = new Map<string, number>();
  return {
    nodes,
    place(chain) {
      let length = chain.length;
      while (length > 0 && changesCase(chain[length - 1]!.name)) length -= 1;
      const passes = [0];
      let node = 0;
      for (const { name, apply } of chain.slice(0, length)) {
        const key = `${node} ${name}`;
        let next = children.get(key);
        if (next === undefined) {
          next = nodes.length;
          nodes.push({ parent: node, name, apply, trigger: Object.hasOwn(triggers, name) ? triggers[name] : undefined });
          children.set(key, next);
        }
        node = next;
        passes.push(node);
      }
      return { node, cases: chain.slice(length), passes };
    },
  };
}
