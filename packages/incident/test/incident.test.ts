import { describe, expect, it } from 'vitest';
import type { TreeProcess } from '@palisade/model/detection';
import { judgeIncident, opensIncident } from '../src/judge.ts';
import { joinStrands, sameStory, strandOf } from '../src/story.ts';

const branch = (...pids: number[]): TreeProcess[] => pids.map((pid, index) => ({ pid, start: pid * 10, ...(index === 0 ? {} : { parent: pids[index - 1]! }), name: 'x', path: '/x', command: 'x', guilty: true }));
const detection = (minute: number, more: { container?: string; tree?: TreeProcess[] } = {}) => {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return { at, lastAt: at, tree: branch(1, 50, 100, 200), ...more };
};

describe('one story', () => {
  it('joins a container\'s detections within half an hour, and none beyond', () => {
    const first = strandOf(detection(0, { container: 'c1' }));
    expect(sameStory(first, strandOf(detection(30, { container: 'c1', tree: branch(7, 8) })))).toBe(true);
    expect(sameStory(first, strandOf(detection(31, { container: 'c1', tree: branch(7, 8) })))).toBe(false);
    expect(sameStory(first, strandOf(detection(1, { container: 'c2', tree: branch(7, 8) })))).toBe(false);
  });
  it('reaches on from the last detection, not from the first', () => {
    const joined = joinStrands(strandOf(detection(0, { container: 'c1' })), strandOf(detection(25, { container: 'c1' })));
    expect(sameStory(joined, strandOf(detection(50, { container: 'c1' })))).toBe(true);
  });
  it('follows a process out of its container', () => {
    const escaped = strandOf(detection(2, { tree: branch(1, 50, 100, 900).map((process) => (process.pid === 100 ? { ...process, container: 'c1' } : process)) }));
    expect(sameStory(strandOf(detection(0, { container: 'c1', tree: branch(1, 60, 61) })), escaped)).toBe(true);
  });
  it('tells two sessions of one service on the host apart, and knows a session again', () => {
    const [one, two, same] = [branch(1, 50, 100), branch(1, 50, 300), branch(1, 50, 100, 101)].map((tree) => strandOf(detection(0, { tree })));
    expect(sameStory(one!, two!)).toBe(false);
    expect(sameStory(one!, same!)).toBe(true);
  });
});

describe('the verdict', () => {
  const title = { en: 'x', 'zh-CN': 'x' };
  it('is compromised by one critical rule, or by warnings of two tactics', () => {
    expect(judgeIncident([{ rule: 'a', priority: 'Critical', tags: [], title }])).toMatchObject({ verdict: 'compromised', priority: 'Critical' });
    const two = judgeIncident([{ rule: 'a', priority: 'Warning', tags: ['mitre_persistence'], title }, { rule: 'b', priority: 'Error', tags: ['mitre_execution'], title }]);
    expect(two).toMatchObject({ verdict: 'compromised', priority: 'Error', tactics: ['execution', 'persistence'] });
    expect(two.reasons[0]?.en).toContain('Execution, Persistence');
  });
  it('is suspicious by warnings of one tactic, whatever notices say', () => {
    expect(judgeIncident([{ rule: 'a', priority: 'Warning', tags: ['mitre_execution'], title }, { rule: 'b', priority: 'Notice', tags: ['mitre_impact'], title }]).verdict).toBe('suspicious');
    expect([opensIncident('Warning'), opensIncident('Notice')]).toEqual([true, false]);
  });
});
