import type { TextReader } from '../text-cataloguer.ts';
import { collector, isMapping, jsonObject, textCataloguer } from '../text-cataloguer.ts';

type Collector = ReturnType<typeof collector>;

/** conan.lock: version 1 is a graph of nodes whose first is the project, version 2 lists of references. */
const readLock: TextReader = (text) => {
  const document = jsonObject(text);
  const found = collector('conan');
  const graph = document['graph_lock'];
  if (isMapping(graph)) {
    for (const [key, node] of Object.entries(isMapping(graph['nodes']) ? graph['nodes'] : {})) {
      if (!isMapping(node) || key === '0') continue;
      const reference = node['ref'] ?? node['pref'];
      // A node without a reference is a conanfile that only consumes.
      if (typeof reference === 'string') addReference(found, reference, node['context'] === 'build');
    }
  }
  for (const [list, dev] of [['requires', false], ['build_requires', true], ['python_requires', false]] as const) {
    const references = document[list];
    for (const reference of Array.isArray(references) ? references : []) {
      if (typeof reference === 'string') addReference(found, reference, dev);
      else found.bad += 1;
    }
  }
  return found;
};

/** "name/version@user/channel#revision%time". */
function addReference(found: Collector, reference: string, dev: boolean): void {
  const plain = reference.split(/[#%@:]/, 1)[0] ?? '';
  const slash = plain.indexOf('/');
  // A version without a name is the project again.
  if (slash > 0) found.add(plain.slice(0, slash), plain.slice(slash + 1), dev ? { dev: true } : {});
}

/** C and C++ packages by conan.lock. */
export const conan = textCataloguer('conan', 1, (name) => (name === 'conan.lock' ? readLock : undefined));
