import { existsSync } from 'node:fs';
import { buildBundle } from '@palisade/advisory/bundle/build';
import type { Manifest } from '@palisade/advisory/bundle/format';
import type { SourceSpec } from '@palisade/advisory/bundle/source-reader';
import { feeds } from '@palisade/advisory/registry';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { located, parse } from './arguments.ts';
import { progressLine } from './progress.ts';

/** `feed build`: sources to a bundle. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { out: { type: 'string', short: 'o' }, 'skip-unsupported': { type: 'boolean' } });
  if (values.out === undefined || positionals.length === 0) throw new UsageError('usage: palisade feed build --out FILE [--skip-unsupported] [KIND=]PATH...');
  const manifest = await build(positionals.map((text) => specOf(text, io)), located(io, values.out), values['skip-unsupported'] === true, io);
  io.out(summary(manifest, values.out, io));
  return 0;
}

/** Builds with a progress line. */
export async function build(sources: readonly SourceSpec[], out: string, skipUnsupported: boolean, io: Io): Promise<Manifest> {
  const line = progressLine(io);
  const zh = io.locale === 'zh-CN';
  let done = -1;
  let current = '';
  try {
    return await buildBundle({
      sources,
      out,
      skipUnsupported,
      signal: io.signal,
      progress(step) {
        if (step.source === null) line.show(zh ? '正在写入漏洞库…' : 'writing the bundle…');
        else {
          if (step.source !== current) done += 1;
          current = step.source;
          line.show(`[${done + 1}/${sources.length}] ${step.source}: ${step.records}`);
        }
      },
    });
  } finally {
    line.end();
  }
}

// "osv=dir" names the kind; a path that really holds a "=" is still a path.
function specOf(text: string, io: Io): SourceSpec {
  const equals = text.indexOf('=');
  const kind = text.slice(0, Math.max(equals, 0));
  if (equals > 0 && (Object.hasOwn(feeds, kind) || (/^[a-z][a-z-]*$/.test(kind) && !existsSync(located(io, text))))) {
    return { kind, path: located(io, text.slice(equals + 1)) };
  }
  return { path: located(io, text) };
}

function summary(manifest: Manifest, out: string, io: Io): string {
  const zh = io.locale === 'zh-CN';
  const { advisories, packages, cves } = manifest.counts;
  const lines = [zh ? `${out}：${advisories} 条公告，${packages} 个软件包，${cves} 个 CVE，数据截至 ${manifest.built}` : `${out}: ${advisories} advisories, ${packages} packages, ${cves} CVEs, data up to ${manifest.built}`];
  for (const { name, reason } of manifest.skipped) lines.push(zh ? `已跳过 ${name}：${reason}` : `skipped ${name}: ${reason}`);
  for (const source of manifest.sources) {
    for (const { where, cause } of source.broken.slice(0, 3)) lines.push(zh ? `无法读取 ${source.name} ${where}：${cause}` : `unreadable in ${source.name}: ${where}: ${cause}`);
    if (source.broken.length > 3) lines.push(zh ? `  …以及另外 ${source.broken.length - 3} 条` : `  … and ${source.broken.length - 3} more`);
  }
  return `${lines.join('\n')}\n`;
}
