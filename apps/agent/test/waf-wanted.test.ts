import type { Container } from '@palisade/model/container';
import { expect, it } from 'vitest';
import { memoryStore } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import { loadRules } from '@palisade/waf/load';
import { sitesOf, wantedPorts } from '../src/waf/wanted-ports.ts';

const container = (change: Partial<Container>): Container => ({
  id: 'a'.repeat(64), node: 'n', cluster: 'c', engine: 'docker', name: 'shop-web-1', image: 'sha256:1', imageName: 'shop/web:2', state: 'running', created: '', started: null, pid: 1, user: '', command: [], labels: {}, ports: [], mounts: [],
  networkMode: 'bridge', pidMode: '', ipcMode: '', utsMode: '', usernsMode: '', privileged: false, readOnlyRoot: false, ...change,
} as Container);
const site = (name: string, spec: object) => ({ apiVersion: 'palisade/v1', kind: 'WafSite', metadata: { name }, spec });

it('protects what documents say, by container, workload, image or project, and for other ports what labels say', () => {
  const { sites, problems } = sitesOf([
    site('b-shop', { where: { image: 'shop/*' }, ports: [8080, 9090], mode: 'block', paranoia: 2, routes: [{ path: '/health', mode: 'off' }] }), site('a-shop', { where: { workload: 'web', project: 'shop' }, ports: [8080], mode: 'detect', fail: 'closed' }),
    { kind: 'ResponsePolicy' }, site('bad', { where: {}, ports: [1], mode: 'block' }),
  ]);
  expect(problems).toEqual([expect.stringContaining('where is empty')]);
  const wanted = wantedPorts(container({ project: 'shop', workload: 'web', labels: { 'palisade.waf.port': '8080,7070', 'palisade.waf.mode': 'off' } }), sites, 'edge');
  expect(wanted.ports.map(({ port, mode, paranoia, failClosed, routes }) => [port, mode, paranoia, failClosed, routes.length])).toEqual([[8080, 'detect', 1, true, 0], [9090, 'block', 2, false, 1], [7070, 'off', 1, false, 0]]);
  expect(wanted.problems).toEqual(['port 8080 is asked for by a-shop and by b-shop, which is left out']);
  expect(wantedPorts(container({ imageName: 'other:1' }), sites, 'edge').ports).toEqual([]);
});

it('turns exclusions of a document into rules that hold for one parameter of one route', () => {
  const exclusion = { rule: 1, method: 'GET', path: '/search', variable: 'ARGS:q', reason: 'people search for SQL', owner: 'shop', until: '2099-01-31' };
  const { sites } = sitesOf([site('shop', { where: { container: 'shop-*' }, ports: [80], mode: 'block', exclusions: [exclusion] })]);
  const { before } = wantedPorts(container({}), sites, 'edge').ports[0]!;
  const { ruleSet, problems } = loadRules([{ name: 'own', text: `SecRuleEngine On\n${before}\nSecRule ARGS "@contains union" "id:1,phase:2,deny,status:403"` }], { read: () => '', glob: () => [] });
  expect(problems).toEqual([]);
  const stopped = (uri: string): boolean => {
    const tx = beginTransaction(ruleSet, { connection: { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 }, id: 'a', now: () => Date.parse('2026-11-29'), store: memoryStore() });
    tx.requestLine('GET', uri, '1.1');
    return (tx.requestHeaders([]) ?? tx.requestBody('')) !== undefined;
  };
  expect([stopped('/search?q=union'), stopped('/search?r=union'), stopped('/other?q=union')]).toEqual([false, true, true]);
  for (const wrong of [{ path: '/a"\nSecRuleEngine Off' }, { variable: 'TX:x' }, { variable: 'ARGS:/.*/' }, { until: 'soon' }, { reason: '' }]) expect(sitesOf([site('x', { where: { container: 'c' }, ports: [1], mode: 'off', exclusions: [{ ...exclusion, ...wrong }] })]).problems).toHaveLength(1);
});
