import type { Element } from './xml.ts';

type Step = { readonly deep: boolean; readonly attribute: boolean; readonly name: string; readonly text: boolean };

/** String value of an element: all text below it. */
export function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Compiles the part of XPath that rules use: child and descendant steps, names, `*`, `@name`, `text()`,
 * `[local-name()='x']` and `[text()]`. Throws on anything else, so that no expression is silently half understood.
 */
export function compileXpath(path: string): (root: Element) => string[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const found = /^(\/\/?)(@?)([A-Za-z_*][\w:.-]*|\*|text\(\))(?:\[(?:local-name\(\)\s*=\s*(?:'([^']*)'|"([^"]*)")|(text\(\)))\])?/.exec(rest);
    if (found === null) throw new Error(`unsupported XPath "${path}" at "${rest}"`);
    const wanted = found[4] ?? found[5];
    steps.push({ deep: found[1] === '//', attribute: found[2] === '@', name: wanted ?? found[3]!, text: found[3] === 'text()' });
    rest = rest.slice(found[0].length);
  }
  return (root) => {
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
          if (!step.attribute && !step.text && (step.name === '*' || local(child.name) === local(step.name))) next.push(child);
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
