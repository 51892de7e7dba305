import type { Person } from './console-client.ts';

type Rows = { items: { id: string; name?: string; kind?: string; rule?: string }[] };

/** For each page whose path has a parameter: an address of it that shows something real. A page without a line here fails the walk. */
export const examples: Readonly<Record<string, (person: Person) => Promise<string>>> = {
  '/evidence/:id': async (person) => `/evidence/${await first(person, '/evidence')}`,
  '/response-policies/:id': async (person) => `/response-policies/${await declared(person, response)}`,
  '/images/:id': async (person) => `/images/${await first(person, '/images?q=shop/api')}`,
  '/incidents/:id': async (person) => `/incidents/${await first(person, '/incidents')}`,
  '/detections/:id': async (person) => `/detections/${await first(person, '/detections')}`,
  '/search': async () => '/search?q=shop',
  '/vulnerabilities/:kind/:rule': async () => '/vulnerabilities/vulnerability/CVE-2021-44228',
  '/workloads/containers/:id': async (person) => `/workloads/containers/${await first(person, '/containers?q=shop-api')}`,
  '/workloads/nodes/:id': async (person) => `/workloads/nodes/${await first(person, '/nodes?q=shop')}`,
  '/web-protection/events/:id': async (person) => `/web-protection/events/${await first(person, '/waf/events?action=blocked')}`,
  '/web-protection/sites/:id': async (person) => `/web-protection/sites/${await declared(person, site)}`,
  '/policies/:id': async (person) => `/policies/${await declared(person, policy)}`,
  '/waivers/:id': async (person) => `/waivers/${await declared(person, waiver)}`,
  '/settings/:tab': async () => '/settings/users',
};

const policy = `# What the walk shows
apiVersion: palisade/v1
kind: GatePolicy
metadata: {name: balanced, scope: {}, owner: console}
spec:
  mode: enforce
  rules:
    - {id: severe, when: 'finding.severity == "critical" && finding.fixed != ""', then: deny, because: {en: A fix exists., zh-CN: 已有修复版本。}}
`;
const waiver = `apiVersion: palisade/v1
kind: Waiver
metadata: {name: accepted-risk, scope: {}, owner: console}
spec: {target: vulnerability, match: {rule: "CVE-*"}, where: {image: "shop/*"}, reason: 风险已评估, ticket: SEC-42, until: {date: 2027-01-31}}
`;

const response = `apiVersion: palisade/v1
kind: ResponsePolicy
metadata: {name: contain-shells, scope: {}, owner: console}
spec:
  mode: enforce
  rules:
    - {id: shells, when: {priority: Critical}, where: {image: "shop/*"}, then: [collect, isolate], undoAfter: 1h}
  deny:
    - {id: image-only, where: {image: "shop/*"}, imageOnly: true}
`;

const site = `apiVersion: palisade/v1
kind: WafSite
metadata: {name: shop-front, scope: {}, owner: console}
spec:
  where: {image: "shop/*"}
  ports: [8080]
  mode: block
  routes: [{path: /health, mode: off}]
  exclusions: [{rule: 942100, method: GET, path: /search, variable: ARGS:q, reason: 搜索词含 SQL 关键字, owner: shop, until: 2027-01-31}]
`;

/** Declares it once and answers its id. */
async function declared(person: Person, text: string): Promise<string> {
  const name = /name: ([a-z-]+)/.exec(text)?.[1] ?? '';
  const known = (await person.call('GET', `/documents?q=${name}`)).body as unknown as Rows;
  if (known.items[0] !== undefined) return known.items[0].id;
  const made = await person.call('POST', '/documents', { text });
  const id: unknown = made.body['id'];
  if (typeof id !== 'string') throw new Error(`${made.status} ${JSON.stringify(made.body)}`);
  return id;
}


async function first(person: Person, list: string): Promise<string> {
  const answer = await person.call('GET', list);
  const id = (answer.body as unknown as Rows).items?.[0]?.id;
  if (id === undefined) throw new Error(`no example in ${list}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
  return encodeURIComponent(id);
}
