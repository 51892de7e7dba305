import type { Element } from './xml.ts';

/** Prefixes that a rule gave a meaning with xmlns. */
export type Namespaces = ReadonlyMap<string, string>;

type Step = { readonly space: string | undefined; readonly deep: boolean; readonly attribute: boolean; readonly name: string; readonly text: boolean };

/** String value of an element: all text below it. */
export function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

/** The namespace that each element's name belongs to, '' where it has none. */
function spacesOf(root: Element): Map<Element, string> {
  const spaces = new Map<Element, string>();
  const visit = (element: Element, scope: Namespaces): void => {
    let own = scope;
    for (const { name, value } of element.attributes) {
      const found = /^xmlns(?::(.+))?$/s.exec(name);
      if (found !== null) own = new Map([...own, [found[1] ?? '', value]]);
    }
    const colon = element.name.indexOf(':');
    spaces.set(element, own.get(colon < 0 ? '' : element.name.slice(0, colon)) ?? '');
    for (const child of element.children) if (typeof child !== 'string') visit(child, own);
  };
  visit(root, new Map());
  return spaces;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Compiles the part of XPath that rules use: child and descendant steps, names, `*`, `@name`, `text()`,
 * `[local-name()='x']` and `[text()]`. Throws on anything else, so that no expression is silently half understood.
 * A prefix among `namespaces` stands for its namespace; others are not compared.
 */
export function compileXpath(path: string, namespaces: Namespaces = new Map()): (root: Element) => string[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const found = /^(\/\/?)(@?)([A-Za-z_*][\w:.-]*|\*|text\(\))(?:\[(?:local-name\(\)\s*=\s*(?:'([^']*)'|"([^"]*)")|(text\(\)))\])?/.exec(rest);
    if (found === null) throw new Error(`unsupported XPath "${path}" at "${rest}"`);
    const wanted = found[4] ?? found[5];
    const prefix = wanted === undefined && found[3]!.includes(':') ? found[3]!.slice(0, found[3]!.indexOf(':')) : '';
    steps.push({ space: found[2] === '@' ? undefined : namespaces.get(prefix), deep: found[1] === '//', attribute: found[2] === '@', name: wanted ?? found[3]!, text: found[3] === 'text()' });
    rest = rest.slice(found[0].length);
  }
  const exact = steps.some(({ space }) => space !== undefined);
  return (root) => {
    const spaces = exact ? spacesOf(root) : undefined;
    let elements: Element[] = [{ name: '', attributes: [], children: [root] }];
    for (const [index, step] of steps.entries()) {
      const next: Element[] = [];
      const values: string[] = [];
      const visit = (element: Element): void => {
        if (step.attribute) {
          if (element.name !== '' || step.deep) for (const pair of element.attributes) if (step.name === '*' || local(pair.name) === local(step.name)) values.push(pair.value);
        }
        for (const child of element.children) {
          if (typeof child === 'string') {
            if (step.text) values.push(child);
            continue;
          }
          if (!step.attribute && !step.text && (step.name === '*' || local(child.name) === local(step.name)) && (step.space === undefined || spaces!.get(child) === step.space)) next.push(child);
          if (step.deep) visit(child);
        }
      };
      for (const element of elements) visit(element);
      if (step.attribute || step.text) return index === steps.length - 1 ? values : [];
      elements = [...new Set(next)];
    }
    return elements.map(textOf);
  };
}
