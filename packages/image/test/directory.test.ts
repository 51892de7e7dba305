import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { analyseRoot } from '../src/analyse.ts';
import { echo, temporaryFolder } from './reader.ts';

const signal = new AbortController().signal;

it('reads a tree in place without following links, opening pipes or leaving it', async () => {
  const root = path.join(temporaryFolder(), 'root');
  mkdirSync(path.join(root, 'want/sub'), { recursive: true });
  writeFileSync(path.join(root, '..', 'outside'), 'outside');
  writeFileSync(path.join(root, 'want/a'), 'own');
  symlinkSync('../../outside', path.join(root, 'want/out'));
  symlinkSync('.', path.join(root, 'want/sub/loop'));
  symlinkSync('/', path.join(root, 'want/sub/slash'));
  execFileSync('mkfifo', [path.join(root, 'want/pipe')]);
  const analysis = await analyseRoot(root, [echo], { signal });
  expect(analysis.facts.map((fact) => [fact.path, fact.data])).toEqual([['want/a', 'own']]);
  expect(analysis).toMatchObject({ status: 'complete', gaps: [] });
});

it('stops at the depth limit with a gap', async () => {
  const root = temporaryFolder();
  // Deeper than one path can name: made step by step.
  execFileSync('sh', ['-c', 'i=0; while [ $i -lt 300 ]; do mkdir d && cd d || exit 1; i=$((i+1)); done'], { cwd: root });
  writeFileSync(path.join(root, 'want'), '');
  const analysis = await analyseRoot(root, [echo], { signal });
  expect(analysis.gaps.map((gap) => gap.kind)).toEqual(['limit-depth']);
  expect(analysis.status).toBe('partial');
});
