import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openFolder } from '../src/waf/folder.ts';

it('takes folders of killed processes away, and no other', () => {
  const parent = mkdtempSync(path.join(tmpdir(), 'palisade-test-'));
  const old = (name: string, owner?: string): string => {
    mkdirSync(path.join(parent, name));
    if (owner !== undefined) writeFileSync(path.join(parent, name, 'owner'), owner);
    return path.join(parent, name);
  };
  const mine = openFolder('front-', parent);
  const reused = old('front-reused', `${process.pid} 1`);
  const gone = old('front-gone', '4194399 12345');
  const unsaid = old('front-unsaid');
  const other = old('other-gone', '4194399 12345');
  const second = openFolder('front-', parent);
  expect([mine, reused, gone, unsaid, other, second].map((folder) => existsSync(folder))).toEqual([true, false, false, true, true, true]);
  rmSync(parent, { recursive: true });
});
