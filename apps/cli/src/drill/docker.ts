import { spawn } from 'node:child_process';
import http from 'node:http';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };
/** Runs the docker client against one engine. */
export type Docker = (args: readonly string[], options?: { readonly quiet?: boolean; readonly seconds?: number }) => Promise<Ran>;

/** A client of the engine at `socket`, speaking the engine's own API version: a newer client refuses an older engine. */
export async function dockerClient(socket: string, signal: AbortSignal): Promise<Docker> {
  const version = await apiVersion(socket);
  return (args, { seconds = 120 } = {}) =>
    new Promise((resolve) => {
      const child = spawn('docker', ['-H', `unix://${socket}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DOCKER_API_VERSION: version, DOCKER_HOST: '' } });
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
      const stop = (): void => void child.kill('SIGKILL');
      const late = setTimeout(stop, seconds * 1000);
      signal.addEventListener('abort', stop, { once: true });
      const done = (code: number): void => {
        clearTimeout(late);
        signal.removeEventListener('abort', stop);
        resolve({ code, out: out.trim(), err: err.trim() });
      };
      child.on('error', (error) => {
        err += error.message;
        done(127);
      });
      child.on('close', (code) => done(code ?? 137));
    });
}

function apiVersion(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: '/version', timeout: 10_000 }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => void (text += part));
        answer.on('end', () => {
          try {
            resolve((JSON.parse(text) as { ApiVersion: string }).ApiVersion);
          } catch (cause) {
            reject(new Error(`${socketPath}: no Docker engine answers there`, { cause }));
          }
        });
      })
      .on('error', reject);
  });
}
