import { SaxesParser } from 'saxes';
import { messageOf } from '@palisade/model/error';
import { sbomLimits, UnreadableSbom } from './document.ts';

/** An element of the document's own namespace; foreign elements are extensions and left out. */
export type XmlElement = { readonly name: string; readonly uri: string; readonly line: number; readonly attributes: ReadonlyMap<string, string>; readonly children: XmlElement[]; text: string };

/** Reads well-formed XML into a tree; a document type (the way to entity bombs) and anything beyond the limits is refused. */
export function readXml(text: string, subject: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const stack: XmlElement[] = [];
  let root: XmlElement | undefined;
  let nodes = 0;
  const refuse = (cause: string): never => {
    throw new UnreadableSbom(subject, `line ${parser.line}`, cause);
  };
  parser.on('error', (error) => refuse(messageOf(error).replace(/^\d+:\d+: /, '')));
  parser.on('doctype', () => refuse('a document type definition is not read'));
  parser.on('opentag', (tag) => {
    nodes += 1;
    if (nodes > sbomLimits.nodes) refuse(`more than ${sbomLimits.nodes} elements`);
    if (stack.length >= sbomLimits.depth * 4) refuse(`nested deeper than ${sbomLimits.depth * 4}`);
    const element: XmlElement = { name: tag.local, uri: tag.uri, line: parser.line, attributes: new Map(Object.values(tag.attributes).filter((one) => one.uri === '').map((one) => [one.local, one.value])), children: [], text: '' };
    const parent = stack.at(-1);
    if (parent === undefined) root = element;
    else if (element.uri === (root?.uri ?? '')) parent.children.push(element);
    stack.push(element);
  });
  parser.on('closetag', () => void stack.pop());
  const append = (chunk: string): void => {
    const top = stack.at(-1);
    if (top !== undefined) top.text += chunk;
  };
  parser.on('text', append);
  parser.on('cdata', append);
  parser.write(text).close();
  if (root === undefined) throw new UnreadableSbom(subject, '', 'no XML element');
  return root;
}
