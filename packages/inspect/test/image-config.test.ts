import { describe, expect, it } from 'vitest';
import type { FileStat } from '@palisade/image/analyzer';
import { imageConfig } from '../src/image-config/detector.ts';
import type { ImageSettings } from '../src/image-config/detector.ts';
import { imageConfigAnalyzer } from '../src/image-config/analyzer.ts';
import { acceptDetector } from './accept-detector.ts';

const good: ImageSettings = { user: '1000:1000', env: ['PATH=/usr/bin', 'TOKEN_FILE=/run/token', 'DB_PASSWORD=$SECRET'], exposedPorts: ['8080/tcp'], healthcheck: true, history: [{ instruction: 'COPY app /app' }], base: 'debian:12' };
const mode = (path: string, value: number) => ({ analyzer: 'image-config', path, data: { mode: value, uid: 0 }, layer: 'sha256:a' });

acceptDetector(imageConfig, [
  { name: 'has nothing to say of a tidy image', input: { settings: good, facts: [] }, fires: [] },
  { name: 'sees root by name and by number', input: { settings: { ...good, user: '0:0' }, facts: [] }, fires: ['image-config-root-user'] },
  { name: 'sees that no user is set, and no health check', input: { settings: { ...good, user: '', healthcheck: false }, facts: [] }, fires: ['image-config-no-user', 'image-config-no-healthcheck'] },
  { name: 'knows what distributions ship setuid', input: { settings: null, facts: [mode('usr/bin/su', 0o4755)] }, fires: ['image-config-setuid'] },
  { name: 'stands up for a strange setuid program', input: { settings: null, facts: [mode('app/su', 0o4755)] }, fires: ['image-config-setuid-unusual'] },
  { name: 'sees world-writable system files', input: { settings: null, facts: [mode('etc/passwd', 0o666)] }, fires: ['image-config-world-writable'] },
  { name: 'sees remote ADD and downloads piped to a shell', input: { settings: { ...good, history: [{ instruction: '/bin/sh -c #(nop) ADD https://a.example/x /x' }, { instruction: 'RUN curl -s https://a.example/i.sh | bash' }] }, facts: [] }, fires: ['image-config-add-remote', 'image-config-pipe-to-shell'] },
  { name: 'accepts ADD with a checksum and of local files', input: { settings: { ...good, history: [{ instruction: 'ADD --checksum=sha256:aa https://a.example/x /x' }, { instruction: 'ADD file:0123 in /' }] }, facts: [] }, fires: [] },
  { name: 'sees a moving base', input: { settings: { ...good, base: 'debian:latest' }, facts: [] }, fires: ['image-config-latest-base'] },
  { name: 'sees ssh', input: { settings: { ...good, exposedPorts: ['22/tcp'] }, facts: [] }, fires: ['image-config-sensitive-port'] },
  { name: 'sees secrets in ENV', input: { settings: { ...good, env: ['DB_PASSWORD=hunter2hunter2'] }, facts: [] }, fires: ['image-config-secret-name'] },
  { name: 'sees secrets in build arguments', input: { settings: { ...good, history: [{ instruction: '|1 API_KEY=abcdefgh12345678 /bin/sh -c make' }] }, facts: [] }, fires: ['image-config-secret-name'] },
]);

describe('image-config', () => {
  it('never shows a secret whole, in evidence or instruction', () => {
    const value = 'Zx9-very-Secret-77';
    const drafts = imageConfig.inspect({ settings: { ...good, env: [`API_KEY=${value}`], history: [{ instruction: `RUN |1 DB_PASSWORD=${value} /bin/sh -c curl x | sh` }, { instruction: `ARG DB_PASSWORD=${value}` }] }, facts: [] });
    expect(drafts.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(drafts)).not.toContain(value);
  });

  it('looks at modes only, and only where they matter', () => {
    const stat: FileStat = { path: 'usr/bin/x', type: 'file', size: 1, mode: 0o755, uid: 0, gid: 0, mtime: 0 };
    expect(imageConfigAnalyzer.wants(stat)).toBe(false);
    expect(imageConfigAnalyzer.wants({ ...stat, mode: 0o4755 })).toBe(true);
    expect(imageConfigAnalyzer.wants({ ...stat, mode: 0o777, path: 'data/x' })).toBe(false);
    expect(imageConfigAnalyzer.wants({ ...stat, mode: 0o777, type: 'symlink' })).toBe(false);
  });
});
