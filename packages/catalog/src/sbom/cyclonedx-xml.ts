import { UnreadableSbom } from './document.ts';
import type { XmlElement } from './xml-tree.ts';

type Json = string | number | boolean | Json[] | { [key: string]: Json };
type Make = (element: XmlElement, subject: string) => Json;
/** How an element becomes an object: its attributes, its children (each may stand once), and where its text goes. */
type Shape = { readonly attributes?: Readonly<Record<string, (text: string) => Json>>; readonly children?: Readonly<Record<string, Make>>; readonly text?: string };

const namespace = /^http:\/\/cyclonedx\.org\/schema\/bom\/(1\.\d)$/;
const plain = (text: string): Json => text;
const integer = (text: string): Json => (/^\d+$/.test(text) ? Number(text) : text);
const truth = (text: string): Json => (text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text);
const words: Make = (element) => element.text.trim();
const yes: Make = (element) => truth(element.text.trim());

/**
 * The parts of a CycloneDX XML document that an SBOM reader needs, in the specification's JSON form, so that one schema
 * judges both. Parts it does not need (vulnerabilities, formulation, declarations …) are left out unjudged.
 */
export function cycloneDxFromXml(root: XmlElement, subject: string): object {
  const version = namespace.exec(root.uri)?.[1];
  if (root.name !== 'bom' || version === undefined) throw new UnreadableSbom(subject, `line ${root.line}`, `<${root.name}> of the namespace "${root.uri.slice(0, 100)}" is no CycloneDX document`);
  const made = object({ attributes: { serialNumber: plain, version: integer }, children: { metadata, components: listOf('component', component), services: listOf('service', service), dependencies: listOf('dependency', dependency) } })(root, subject) as { [key: string]: Json };
  return { bomFormat: 'CycloneDX', specVersion: version, ...made };
}

function object(shape: Shape): Make {
  return (element, subject) => {
    const made: { [key: string]: Json } = {};
    for (const [name, convert] of Object.entries(shape.attributes ?? {})) {
      const value = element.attributes.get(name);
      if (value !== undefined) made[name] = convert(value);
    }
    for (const child of element.children) {
      const make = Object.hasOwn(shape.children ?? {}, child.name) ? shape.children?.[child.name] : undefined;
      if (make === undefined) continue;
      if (Object.hasOwn(made, child.name)) throw new UnreadableSbom(subject, `line ${child.line}`, `<${element.name}> has more than one <${child.name}>`);
      made[child.name] = make(child, subject);
    }
    if (shape.text !== undefined) {
      const text = element.text.trim();
      if (text !== '') made[shape.text] = text;
    }
    return made;
  };
}

function listOf(name: string, make: Make): Make {
  return (element, subject) => element.children.filter((child) => child.name === name).map((child) => make(child, subject));
}

const properties = listOf('property', (element, subject) => object({ attributes: { name: plain }, text: 'value' })(element, subject));
const hashes = listOf('hash', object({ attributes: { alg: plain }, text: 'content' }));
const attachment = object({ attributes: { encoding: plain }, text: 'content' });
const licenseChoice = object({ attributes: { 'bom-ref': plain, acknowledgement: plain }, children: { id: words, name: words, text: attachment, url: words, properties } });

const licenses: Make = (element, subject) =>
  element.children.flatMap((child): Json[] => {
    if (child.name === 'license') return [{ license: licenseChoice(child, subject) }];
    if (child.name !== 'expression') return [];
    return [{ ...(object({ attributes: { 'bom-ref': plain, acknowledgement: plain } })(child, subject) as object), expression: child.text.trim() }];
  });

const swid = object({ attributes: { tagId: plain, name: plain, version: plain, tagVersion: integer, patch: truth }, children: { url: words } });
const issue = object({ attributes: { type: plain }, children: { id: words, name: words, description: words } });
const patch = object({ attributes: { type: plain }, children: { resolves: listOf('issue', issue) } });
const occurrence = object({ children: { location: words } });

const component: Make = (element, subject) =>
  object({
    attributes: { type: plain, 'mime-type': plain, 'bom-ref': plain },
    children: {
      author: words, publisher: words, group: words, name: words, version: words, description: words, scope: words, copyright: words, cpe: words, purl: words, modified: yes,
      hashes, licenses, swid, properties,
      pedigree: object({ children: { ancestors: listOf('component', component), descendants: listOf('component', component), variants: listOf('component', component), patches: listOf('patch', patch) } }),
      evidence: object({ children: { occurrences: listOf('occurrence', occurrence) } }),
      components: listOf('component', component),
    },
  })(element, subject);

const classification: Make = (element) => ({ ...(element.attributes.has('flow') ? { flow: element.attributes.get('flow') ?? '' } : {}), classification: element.text.trim() });
const service: Make = (element, subject) =>
  object({
    attributes: { 'bom-ref': plain },
    children: { group: words, name: words, version: words, description: words, licenses, properties, data: listOf('classification', classification), services: listOf('service', service) },
  })(element, subject);

const dependency: Make = (element) => {
  const ref = element.attributes.get('ref');
  const on = element.children.filter((child) => child.name === 'dependency').map((child) => child.attributes.get('ref') ?? '');
  return { ...(ref === undefined ? {} : { ref }), ...(on.length === 0 ? {} : { dependsOn: on }) };
};

const metadata = object({ children: { timestamp: words, component, licenses, properties } });
