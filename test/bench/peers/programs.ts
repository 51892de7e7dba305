import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

// Built from their Go modules when they are not on the PATH; kept for as long as the machine lives.
const folder = process.env['PALISADE_PEERS'] ?? path.join(tmpdir(), 'peers', 'bin');
const modules = { syft: 'github.com/anchore/syft/cmd/syft@latest', trivy: 'github.com/aquasecurity/trivy/cmd/trivy@v0.74.0' } as const;

/** The path of a peer's program; undefined where it can be neither found nor built, which is then said. */
export function peer(name: keyof typeof modules): string | undefined {
  const built = path.join(folder, name);
  if (existsSync(built)) return built;
  for (const place of (process.env['PATH'] ?? '').split(':')) if (existsSync(path.join(place, name))) return path.join(place, name);
  mkdirSync(folder, { recursive: true });
  process.stdout.write(`building ${name} from its Go module (some minutes)\n`);
  try {
    execFileSync('nice', ['go', 'install', '-ldflags', '-s -w', modules[name]], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod -buildvcs=false', CGO_ENABLED: '0', GOEXPERIMENT: 'jsonv2' } });
    return built;
  } catch (error) {
    process.stdout.write(`${name} cannot be built here: ${error instanceof Error ? error.message.split('\n', 1)[0] : ''}\n`);
    return undefined;
  }
}
