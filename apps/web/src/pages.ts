import { lazy } from 'react';
import type { ComponentType } from 'react';
import type { TextKey } from './i18n/en.ts';

/** One page: its URL, its place in the menu, and the letter that `g` jumps to. */
export type Page = { readonly path: string; readonly Page: ComponentType; readonly menu?: TextKey; readonly key?: string };

/** Each page is a file of its own that the browser fetches when it is first opened. */
function later(load: () => Promise<ComponentType>): ComponentType {
  return lazy(async () => ({ default: await load() }));
}

export const pages: readonly Page[] = [
  { path: '/', Page: later(async () => (await import('./pages/overview.tsx')).Overview), menu: 'nav.overview', key: 'o' },
  { path: '/incidents', Page: later(async () => (await import('./pages/incidents.tsx')).Incidents), menu: 'nav.incidents', key: 'd' },
  { path: '/incidents/:id', Page: later(async () => (await import('./pages/incident.tsx')).IncidentPage) },
  { path: '/detections', Page: later(async () => (await import('./pages/detections.tsx')).Detections) },
  { path: '/detections/:id', Page: later(async () => (await import('./pages/detection.tsx')).DetectionPage) },
  { path: '/responses', Page: later(async () => (await import('./pages/responses.tsx')).Responses), menu: 'nav.responses', key: 'r' },
  { path: '/evidence', Page: later(async () => (await import('./pages/evidence.tsx')).EvidenceList) },
  { path: '/evidence/:id', Page: later(async () => (await import('./pages/evidence-one.tsx')).EvidencePage) },
  { path: '/response-policies', Page: later(async () => (await import('./pages/policies.tsx')).ResponsePolicies) },
  { path: '/response-policies/:id', Page: later(async () => (await import('./pages/policy.tsx')).ResponsePolicyPage) },
  { path: '/images', Page: later(async () => (await import('./pages/images.tsx')).Images), menu: 'nav.images', key: 'i' },
  { path: '/images/:id', Page: later(async () => (await import('./pages/image.tsx')).ImagePage) },
  { path: '/vulnerabilities', Page: later(async () => (await import('./pages/vulnerabilities.tsx')).Vulnerabilities), menu: 'nav.vulnerabilities', key: 'v' },
  { path: '/vulnerabilities/:kind/:rule', Page: later(async () => (await import('./pages/vulnerability.tsx')).VulnerabilityPage) },
  { path: '/workloads', Page: later(async () => (await import('./pages/containers.tsx')).Containers), menu: 'nav.workloads', key: 'w' },
  { path: '/workloads/nodes', Page: later(async () => (await import('./pages/nodes.tsx')).Nodes) },
  { path: '/workloads/risks', Page: later(async () => (await import('./pages/risks.tsx')).Risks) },
  { path: '/workloads/containers/:id', Page: later(async () => (await import('./pages/container.tsx')).ContainerPage) },
  { path: '/workloads/nodes/:id', Page: later(async () => (await import('./pages/node.tsx')).NodePage) },
  { path: '/web-protection', Page: later(async () => (await import('./pages/web-protection.tsx')).WebProtection), menu: 'nav.waf', key: 'b' },
  { path: '/web-protection/events/:id', Page: later(async () => (await import('./pages/web-event.tsx')).WebEventPage) },
  { path: '/web-protection/sites', Page: later(async () => (await import('./pages/policies.tsx')).WafSites) },
  { path: '/web-protection/sites/:id', Page: later(async () => (await import('./pages/policy.tsx')).WafSitePage) },
  { path: '/web-protection/sources', Page: later(async () => (await import('./pages/web-sources.tsx')).WebSources) },
  { path: '/coverage', Page: later(async () => (await import('./pages/coverage.tsx')).Coverage), menu: 'nav.coverage', key: 'c' },
  { path: '/search', Page: later(async () => (await import('./pages/search.tsx')).SearchPage) },
  { path: '/policies', Page: later(async () => (await import('./pages/policies.tsx')).Policies), menu: 'nav.policies', key: 'p' },
  { path: '/policies/:id', Page: later(async () => (await import('./pages/policy.tsx')).PolicyPage) },
  { path: '/waivers', Page: later(async () => (await import('./pages/waivers.tsx')).Waivers), menu: 'nav.waivers', key: 'x' },
  { path: '/waivers/new', Page: later(async () => (await import('./pages/new-waiver.tsx')).NewWaiver) },
  { path: '/waivers/:id', Page: later(async () => (await import('./pages/waiver.tsx')).WaiverPage) },
  { path: '/feeds', Page: later(async () => (await import('./pages/feeds.tsx')).Feeds), menu: 'nav.feeds', key: 'f' },
  { path: '/settings', Page: later(async () => (await import('./pages/settings.tsx')).Settings), menu: 'nav.settings', key: 's' },
  { path: '/settings/agents', Page: later(async () => (await import('./pages/settings.tsx')).Settings) },
  { path: '/settings/alerts', Page: later(async () => (await import('./pages/settings.tsx')).Settings) },
  { path: '/settings/:tab', Page: later(async () => (await import('./pages/settings.tsx')).Settings) },
];
