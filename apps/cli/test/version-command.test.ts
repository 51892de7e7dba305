import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { Io } from '../src/command.ts';
import { command } from '../src/commands/version.ts';

async function run(args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io: Io = {
    env: {},
    locale: 'en',
    cwd: '/',
    stdin: Readable.from([input]),
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    progress: false,
    color: false,
    signal: new AbortController().signal,
    self: [],
  };
  return { code: await command.run(args, io), out, err };
}

it('prints the order of two versions', async () => {
  expect(await run(['compare', 'deb', '1.0~rc1', '1.0'])).toEqual({ code: 0, out: '<\n', err: '' });
  expect((await run(['compare', 'pypi', '1.0', '1'])).out).toBe('=\n');
  expect((await run(['compare', 'npm', '1.10.0', '1.9.0'])).out).toBe('>\n');
});

it('refuses unknown schemes, versions that do not parse and wrong use', async () => {
  await expect(run(['compare', 'cobol', '1', '2'])).rejects.toThrow(/unknown version scheme/);
  await expect(run(['compare', 'semver', 'abc', '1.0.0'])).rejects.toThrow(/"abc" is not a semver version/);
  await expect(run(['compare', 'deb', '1'])).rejects.toThrow(/usage/);
  await expect(run(['sort'])).rejects.toThrow(/usage/);
});

it('answers one line a pair, "?" with line number and reason where it cannot', async () => {
  const { code, out, err } = await run(['compare', 'deb', '-'], '1 2\n1\nx 1\n2 1\n');
  expect(out).toBe('<\n?\n?\n>\n');
  expect(code).toBe(2);
  expect(err).toMatch(/line 2: a line must hold two versions[\s\S]*line 3: "x" is not a deb version/);
  expect((await run(['compare', 'deb', '-'], '1 1\n')).code).toBe(0);
});
