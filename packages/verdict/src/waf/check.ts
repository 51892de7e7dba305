import { WafSite } from '@palisade/model/waf-site';
import { checkDocument, documentError, kindOf } from '../document/yaml.ts';
import type { SourceDocument } from '../document/yaml.ts';

/** Reads one document as a protected site; throws at its first fault. */
export function checkWafSite(document: SourceDocument): WafSite {
  const kind = kindOf(document);
  if (kind !== 'WafSite') throw documentError(document.at(['kind']), `kind is "${kind}", not WafSite`);
  const site = checkDocument(document, WafSite);
  site.spec.ports.forEach((port, index) => {
    if (site.spec.ports.indexOf(port) !== index) throw documentError(document.at(['spec', 'ports', index]), `port ${port} stands twice`);
  });
  return site;
}
