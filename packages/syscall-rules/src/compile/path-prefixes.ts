import { globMatcher } from './glob.ts';

type Node = { leaf: boolean; readonly exact: Map<string, Node>; readonly globs: { readonly matches: (text: string) => boolean; readonly node: Node }[] };

const newNode = (): Node => ({ leaf: false, exact: new Map(), globs: [] });

/** pmatch: true when one of the paths is the text or a directory above it. Components may be shell patterns. */
export function pathPrefixes(paths: readonly string[]): (text: string) => boolean {
  const root = newNode();
  for (const path of paths) {
    let node = root;
    for (const component of path.split('/').filter((part) => part !== '')) node = child(node, component);
    node.leaf = true;
  }
  return (text) => matches(root, text.split('/').filter((part) => part !== ''), 0);
}

function child(node: Node, component: string): Node {
  const key = component;
  const known = node.exact.get(key);
  if (known !== undefined) return known;
  const next = newNode();
  node.exact.set(key, next);
  if (/[*?[]/.test(component)) node.globs.push({ matches: globMatcher(component), node: next });
  return next;
}

function matches(node: Node, components: readonly string[], at: number): boolean {
  if (node.leaf) return true;
  const component = components[at];
  if (component === undefined) return false;
  const exact = node.exact.get(component);
  if (exact !== undefined && matches(exact, components, at + 1)) return true;
  return node.globs.some((glob) => glob.matches(component) && matches(glob.node, components, at + 1));
}
