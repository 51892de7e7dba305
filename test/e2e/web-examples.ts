import type { Person } from './console-client.ts';

type Rows = { items: { id: string; name?: string; kind?: string; rule?: string }[] };

/** For each page whose path has a parameter: an address of it that shows something real. A page without a line here fails the walk. */
export const examples: Readonly<Record<string, (person: Person) => Promise<string>>> = {
  '/images/:id': async (person) => `/images/${await first(person, '/images?q=shop/api')}`,
  '/search': async () => '/search?q=shop',
  '/vulnerabilities/:kind/:rule': async () => '/vulnerabilities/vulnerability/CVE-2021-44228',
  '/workloads/containers/:id': async (person) => `/workloads/containers/${await first(person, '/containers?q=shop-api')}`,
  '/workloads/nodes/:id': async (person) => `/workloads/nodes/${await first(person, '/nodes?q=shop')}`,
};

async function first(person: Person, list: string): Promise<string> {
  const answer = await person.call('GET', list);
  const id = (answer.body as unknown as Rows).items?.[0]?.id;
  if (id === undefined) throw new Error(`no example in ${list}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
  return encodeURIComponent(id);
}
