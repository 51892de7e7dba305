import { expect, it } from 'vitest';
import { labelledPorts } from '../src/waf/labels.ts';

it('reads what labels ask for, with careful defaults', () => {
  expect(labelledPorts({ 'palisade.waf.port': '8080, 9090,8080' })).toEqual({
    ports: [8080, 9090].map((port) => ({ port, mode: 'detect', paranoia: 1, failClosed: false, keepsAddress: true })),
    problems: [],
  });
  expect(labelledPorts({ 'palisade.waf.port': '80', 'palisade.waf.mode': 'block', 'palisade.waf.fail': 'closed', 'palisade.waf.paranoia': '2', 'palisade.waf.hide-client-address': 'true' }).ports).toEqual([{ port: 80, mode: 'block', paranoia: 2, failClosed: true, keepsAddress: false }]);
  expect(labelledPorts({ 'com.example': 'x' })).toEqual({ ports: [], problems: [] });
});

it('names what it does not understand and protects nothing then', () => {
  for (const [label, value] of [['port', 'http'], ['port', '0'], ['port', '70000'], ['port', ''], ['mode', 'on'], ['fail', 'maybe'], ['paranoia', '9'], ['hide-client-address', 'yes'], ['ports', '80']] as const) {
    const read = labelledPorts({ 'palisade.waf.port': '80', [`palisade.waf.${label}`]: value });
    expect(read.ports, label).toEqual([]);
    expect(read.problems.join(), label).toContain(`palisade.waf.${label}`);
  }
  expect(labelledPorts({ 'palisade.waf.mode': 'block' }).problems).toHaveLength(1);
});
