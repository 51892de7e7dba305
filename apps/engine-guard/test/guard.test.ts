import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dockerEngine } from '@palisade/engine/docker/engine';
import { expect, it, onTestFinished } from 'vitest';
import { startGuard } from '../src/server.ts';

const id = 'c'.repeat(64);
const answers: Record<string, unknown> = {
  'GET /version': { Version: '28.2.2', ApiVersion: '1.50' },
  'GET /images/json': [{ Id: 'sha256:1', RepoTags: ['shop:1', '<none>:<none>'], Created: 1_700_000_000, Size: 10 }],
  'GET /images/shop%3A1/json': {
    Id: 'sha256:1', RepoTags: ['shop:1'], Created: '2026-01-01T00:00:00Z', Size: 10, Architecture: 'amd64', Os: 'linux', Config: { User: 'app' },
    RootFS: { Layers: ['sha256:a', 'sha256:b'] }, GraphDriver: { Name: 'overlay2', Data: { LowerDir: '/l/a/diff', UpperDir: '/l/b/diff' } },
  },
  'GET /images/shop%3A1/history': [
    { CreatedBy: 'CMD ["x"]', Size: 0 }, { CreatedBy: 'RUN touch x', Size: 0 }, { CreatedBy: '/bin/sh -c #(nop) ADD file', Size: 10 },
  ],
  [`POST /containers/${id}/pause`]: {},
};

async function world(): Promise<{ socket: string; refused: unknown[]; seen: string[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-guard-'));
  const seen: string[] = [];
  const engine = http.createServer((request, answer) => {
    const call = `${request.method} ${(request.url ?? '').split('?')[0]}`;
    seen.push(call);
    const body = answers[call];
    answer.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? { message: 'no such thing' }));
  });
  await new Promise<void>((resolve) => engine.listen(path.join(folder, 'engine.sock'), resolve));
  const refused: unknown[] = [];
  const guard = await startGuard({ engineSocket: path.join(folder, 'engine.sock'), listen: path.join(folder, 'guard.sock'), refused: (call) => refused.push(call) });
  onTestFinished(() => {
    guard.close();
    engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { socket: path.join(folder, 'guard.sock'), refused, seen };
}

it('reads the engine through the guard', async () => {
  const { socket } = await world();
  const engine = dockerEngine(socket, { node: 'n', cluster: 'c' });
  expect(await engine.version()).toBe('28.2.2');
  expect(await engine.images()).toEqual([{ id: 'sha256:1', names: ['shop:1'], created: '2023-11-14T22:13:20.000Z', size: 10 }]);
  const image = await engine.image('shop:1');
  expect(image.directories).toEqual(['/l/a/diff', '/l/b/diff']);
  expect(image.config).toMatchObject({ history: [{ created_by: '/bin/sh -c #(nop) ADD file' }, { created_by: 'RUN touch x' }, { created_by: 'CMD ["x"]', empty_layer: true }] });
  await engine.act(id, 'pause');
});

it('refuses what is not listed, tells of it, and never asks the engine', async () => {
  const { socket, refused, seen } = await world();
  const engine = dockerEngine(socket, { node: 'n', cluster: 'c' });
  await expect(engine.act('web', 'kill')).rejects.toThrow(/refused by engine-guard/);
  expect(refused).toEqual([{ method: 'POST', path: '/containers/web/kill', reason: 'neither a listed read nor a listed action' }]);
  expect(seen).toEqual([]);
});

it('passes the engine\'s own refusals on, and says when there is no engine', async () => {
  const { socket } = await world();
  await expect(dockerEngine(socket, { node: 'n', cluster: 'c' }).image('gone')).rejects.toThrow('no such thing');
  await expect(dockerEngine('/nonexistent/engine.sock', { node: 'n', cluster: 'c' }).version()).rejects.toThrow(/does not answer/);
});
