import { describe, expect, it } from 'vitest';
import type { ResponsePolicy } from '@palisade/model/response-policy';
import { checkDocuments } from '../src/document/registry.ts';
import type { Matched, Preventable } from '../src/response/compile.ts';
import { compileResponses, denials, holdFor, refusals } from '../src/response/compile.ts';

function policies(...specs: readonly string[]): ResponsePolicy[] {
  const text = specs.map((spec, index) => `apiVersion: palisade/v1\nkind: ResponsePolicy\nmetadata: {name: p${index}}\nspec: ${spec}\n`).join('---\n');
  const { documents, faults } = checkDocuments(text, 'p.yaml');
  expect(faults).toEqual([]);
  return documents as ResponsePolicy[];
}
const faultsOf = (spec: string, metadata = '{name: p}'): string[] => checkDocuments(`apiVersion: palisade/v1\nkind: ResponsePolicy\nmetadata: ${metadata}\nspec: ${spec}\n`, 'p.yaml').faults.map((fault) => `${fault.line}:${fault.column} ${fault.cause}`);
const matched = (more: Partial<Matched> = {}): Matched => ({ rule: 'Reverse shell', ruleId: 'palisade_R1001', priority: 'Critical', tags: ['mitre_execution'], process: { name: 'sh', path: '/bin/busybox' }, place: { container: 'web-1', image: 'docker.io/shop/web:1.2', project: 'shop' }, ...more });

describe('response policies', () => {
  it('ask for what their rules say, where they say it', () => {
    const [all] = policies('{mode: enforce, rules: [{id: a, when: {rules: ["palisade_R10*"]}, then: [kill-process]}, {id: b, when: {priority: Error}, where: {image: "shop/*"}, then: [isolate], undoAfter: 30m}, {id: c, when: {tags: [mitre_persistence]}, then: [pause]}, {id: d, when: {process: "/bin/*", rules: ["*"]}, where: {container: "db-*"}, then: [stop]}]}');
    if (all === undefined) throw new Error('no policy');
    const { ask } = compileResponses([all]);
    expect(ask(matched()).map((one) => [one.rule, one.actions, one.undoAfter])).toEqual([['a', ['kill-process'], undefined], ['b', ['isolate'], 1_800_000]]);
    expect(ask(matched({ priority: 'Warning', ruleId: undefined })).map((one) => one.rule)).toEqual([]);
    expect(ask(matched({ place: { container: 'db-1', image: 'postgres:16' } })).map((one) => one.rule)).toEqual(['a', 'd']);
    expect(ask(matched({ place: {} })).map((one) => one.rule)).toEqual(['a']);
  });

  it('hold only in their scope, and say when they only monitor', () => {
    const { documents } = checkDocuments('apiVersion: palisade/v1\nkind: ResponsePolicy\nmetadata: {name: p, scope: {project: shop}}\nspec: {mode: monitor, rules: [{id: a, when: {rules: ["*"]}, then: [stop]}]}\n', 'p.yaml');
    const { ask } = compileResponses(documents as ResponsePolicy[]);
    expect(ask(matched())).toMatchObject([{ enforce: false }]);
    expect(ask(matched({ place: { container: 'x', image: 'i', project: 'other' } }))).toEqual([]);
    // On the node itself there is no project: a project's policy does not reach it.
    expect(ask(matched({ place: {} }))).toEqual([]);
  });

  it('are refused with the place of the fault', () => {
    expect(faultsOf('{mode: enforce, rules: [{id: a, when: {}, then: [stop]}]}')[0]).toContain('when is empty');
    expect(faultsOf('{mode: enforce, rules: [{id: a, when: {rules: ["*"]}, then: [explode]}]}')[0]).toMatch(/^4:\d+ spec\.rules\.0\.then\.0/);
    expect(faultsOf('{mode: enforce, rules: [{id: a, when: {rules: ["*"]}, then: [stop], undoAfter: 5m}]}')[0]).toContain('nothing here can be taken back');
    expect(faultsOf('{mode: enforce, deny: [{id: a, names: [nc]}, {id: a, names: [nc]}]}')[0]).toContain('stands twice');
    expect(faultsOf('{mode: enforce, deny: [{id: a}]}')[0]).toContain('nothing is denied');
    expect(faultsOf('{mode: enforce, deny: [{id: a, where: {image: x}, names: [nc]}]}')[0]).toContain('in every container of a node');
    expect(faultsOf('{mode: enforce, deny: [{id: a, names: [nc]}]}', '{name: p, scope: {project: x}}')[0]).toContain('in every container of a node');
    expect(faultsOf('{mode: enforce, deny: [{id: a, names: [a-name-of-more-than-15]}]}')[0]).toContain('longer than the 15 bytes');
    expect(faultsOf('{mode: enforce, hold: [{id: a, until: scanned, seconds: 61, otherwise: kill}]}')[0]).toContain('seconds');
  });
});

describe('prevention', () => {
  const rule = (name: string, entries: Preventable['entries']): Preventable => ({ name, id: name, priority: 'Critical', tags: [], file: 'r.yaml', line: 7, condition: 'evt.type=execve and proc.name=x', entries });
  const upper = rule('Upper', [{ op: 'denyContainer', text: '', upper: true }]);
  const path = rule('Path', [{ op: 'denyPath', text: '/bin/x', containers: true }]);
  const never = rule('Never', { reason: 'connect is no exec' });

  it('is refused for rules the kernel cannot decide, naming file, line, condition and reason', () => {
    const [asking] = policies('{mode: enforce, rules: [{id: a, when: {rules: ["*"]}, then: [prevent]}]}');
    if (asking === undefined) throw new Error('no policy');
    expect(refusals(asking, [upper, path])).toEqual([]);
    expect(refusals(asking, [upper, never])).toEqual([{ policy: 'p0', rule: 'a', index: 0, reason: 'r.yaml:7: rule "Never" can\'t prevent: connect is no exec; its condition: evt.type=execve and proc.name=x' }]);
    expect(refusals(asking, [])[0]?.reason).toContain('no rule of the pack is meant');
    expect(denials([asking], [upper, never])).toEqual([]); // half of what was asked is not what was asked
  });

  it('is narrowed where the kernel knows containers, and refused where it knows only paths', () => {
    const [asking] = policies('{mode: enforce, rules: [{id: a, when: {rules: [Upper]}, where: {image: "shop/*"}, then: [prevent]}, {id: b, when: {rules: [Path]}, where: {image: "shop/*"}, then: [prevent]}], deny: [{id: c, names: [nc], paths: [/bin/y]}, {id: d, imageOnly: true, memory: true}]}');
    if (asking === undefined) throw new Error('no policy');
    expect(refusals(asking, [upper, path]).map((one) => one.rule)).toEqual(['b']);
    const wanted = denials([asking], [upper, path]);
    expect(wanted.map((one) => [one.rule, one.entry.op, one.entry.text, one.everywhere])).toEqual([['c', 'denyPath', '/bin/y', true], ['c', 'denyName', 'nc', true], ['d', 'denyContainer', '', true], ['a', 'denyContainer', '', false]]);
    const narrow = wanted.at(-1);
    expect(narrow?.applies({ container: 'w', image: 'shop/web:1' })).toBe(true);
    expect(narrow?.applies({ container: 'w', image: 'postgres:16' })).toBe(false);
    expect(narrow?.applies({})).toBe(false);
  });

  it('holds a new container by the first rule that speaks of it', () => {
    const all = policies('{mode: enforce, hold: [{id: a, where: {image: "shop/*"}, until: scanned, seconds: 5, otherwise: kill}, {id: b, until: allowed, seconds: 9, otherwise: release}]}');
    expect(holdFor(all, { container: 'x', image: 'shop/web' })?.rule.id).toBe('a');
    expect(holdFor(all, { container: 'x', image: 'other' })?.rule.id).toBe('b');
  });
});
