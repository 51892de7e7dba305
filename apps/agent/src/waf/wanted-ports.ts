import { WafSite } from '@palisade/model/waf-site';
import type { Container } from '@palisade/model/container';
import type { FrontSite } from '@palisade/model/waf-front';
import { inScope, meets } from '@palisade/verdict/response/place';
import type { EventPlace } from '@palisade/verdict/response/place';
import { exclusionDirectives } from '@palisade/waf/exclusion';
import type { VirtualPatch } from '@palisade/waf/virtual-patches';
import { labelledPorts } from './labels.ts';

/** One port of a container that is to be protected, and who said so. */
export type WantedPort = Pick<FrontSite, 'port' | 'mode' | 'paranoia' | 'uninspected' | 'routes' | 'before'> & { readonly failClosed: boolean; readonly keepsAddress: boolean };

/** Ids of exclusions that come from site documents. */
const firstExclusion = 7_800_000;

/** Sites among the documents the console wants in force; `problems` says which can't be read. */
export function sitesOf(documents: readonly unknown[]): { readonly sites: readonly WafSite[]; readonly problems: readonly string[] } {
  const sites: WafSite[] = [];
  const problems: string[] = [];
  for (const document of documents) {
    if ((document as { kind?: unknown } | null)?.kind !== 'WafSite') continue;
    const read = WafSite.safeParse(document);
    if (read.success) sites.push(read.data);
    else problems.push(`${read.error.issues[0]?.path.join('.') ?? ''}: ${read.error.issues[0]?.message ?? ''}`);
  }
  return { sites: sites.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)), problems };
}

/**
 * What is to be protected of a container: what site documents say, and for other ports its labels. Of two documents the
 * first by name decides a port; `problems` names the other. `patches`: those for vulnerabilities its image has.
 */
export function wantedPorts(container: Container, sites: readonly WafSite[], cluster: string, patches: readonly Pick<VirtualPatch, 'text'>[] = []): { readonly ports: readonly WantedPort[]; readonly problems: readonly string[] } {
  const { ports: labelled, problems } = labelledPorts(container.labels);
  const place: EventPlace = { cluster, container: container.name === '' ? container.id : container.name, image: container.imageName, namespace: container.namespace, project: container.project, workload: container.workload };
  const ports = new Map<number, { readonly wanted: WantedPort; readonly by: string }>();
  const twice: string[] = [];
  for (const { metadata, spec } of sites) {
    if (!inScope(metadata.scope, place) || !meets(spec.where, place)) continue;
    for (const port of spec.ports) {
      const known = ports.get(port);
      if (known !== undefined) twice.push(`port ${port} is asked for by ${known.by} and by ${metadata.name}, which is left out`);
      else ports.set(port, { by: metadata.name, wanted: { port, mode: spec.mode, paranoia: spec.paranoia, uninspected: spec.uninspected, routes: spec.routes, before: [exclusionDirectives(spec.exclusions, firstExclusion), ...(spec.virtualPatches ? patches.map(({ text }) => text) : [])].join('\n'), failClosed: spec.fail === 'closed', keepsAddress: !spec.hideClientAddress } });
    }
  }
  const more = labelled.filter(({ port }) => !ports.has(port)).map((one): WantedPort => ({ ...one, uninspected: 'relay', routes: [], before: '' }));
  return { ports: [...[...ports.values()].map(({ wanted }) => wanted), ...more], problems: [...problems, ...twice] };
}
