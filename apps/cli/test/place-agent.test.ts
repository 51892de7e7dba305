import { expect, it } from 'vitest';
import type { Io } from '../src/command.ts';
import { placeAgent } from '../src/up/place-agent.ts';

function asked(locale: Io['locale'], env: Record<string, string>): { io: Io; said: string[] } {
  const said: string[] = [];
  return { io: { env, locale, signal: new AbortController().signal, out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) } as unknown as Io, said };
}

it('runs the agent as processes where there is no engine, and says why in the reader\'s language', async () => {
  const why = process.getuid?.() === 0 ? 'there is no Docker engine at /nowhere/docker.sock' : 'only root may hand the engine';
  for (const [locale, words] of [['en', 'the agent runs as processes, not as a container: '], ['zh-CN', '节点代理以进程方式运行，而非容器：']] as const) {
    const { io, said } = asked(locale, { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect(await placeAgent({ io, home: '/nowhere', gateway: 'https://127.0.0.1:1', sensor: Promise.resolve(undefined) })).toBeUndefined();
    expect(said.join('')).toContain(`${words}${why}`);
  }
});
