import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Severity } from '@palisade/model/severity';
import type { Command, Io } from '../command.ts';
import { UsageError } from '../command.ts';
import { format, formatNames } from '../format/formats.ts';
import type { FormatName } from '../format/formats.ts';
import { gathered, writeOutput } from '../format/write-output.ts';
import { installedFeed, located, parse } from './feed/arguments.ts';

const usage = `usage: palisade scan TARGET [OPTIONS]

TARGET  docker:NAME, archive:FILE, oci:PATH, dir:PATH, sbom:FILE, or bare: then the source is guessed and named

  --feed F           the vulnerability feed (default: the imported one)
  --policy F         a gate policy; may be given more than once
  --waivers F        waivers; may be given more than once
  --fail-on SEVERITY deny findings of this severity or worse: critical, high, medium or low
  --strict           exit 3 when something could not be looked at
  --format FORMAT    table (default), json, sarif, cyclonedx, spdx, junit or html
  --output F         write there instead of to standard output
  --secret-rules F   secret rules in gitleaks' TOML language instead of the shipped ones
  --no-cache         neither read nor write the layer cache
  --verify           hash everything that is read

exit: 0 allowed, 1 denied by the policy, 2 wrong use or unreadable target, 3 partial under --strict

examples:
  palisade scan shop/api:1.2
  palisade scan archive:image.tar --fail-on high
  palisade scan dir:/ --format json --output host.json
  palisade scan sbom:bom.json --format sarif --output scan.sarif`;

export const command: Command = {
  summary: { en: 'scan an image, archive or directory', 'zh-CN': '扫描镜像、归档或目录' },
  usage,
  async run(args, io) {
    const { values, positionals } = parse(args, {
      feed: { type: 'string' },
      policy: { type: 'string', multiple: true },
      waivers: { type: 'string', multiple: true },
      'fail-on': { type: 'string' },
      strict: { type: 'boolean' },
      format: { type: 'string', default: 'table' },
      output: { type: 'string' },
      'secret-rules': { type: 'string' },
      'no-cache': { type: 'boolean' },
      verify: { type: 'boolean' },
    });
    const [wanted, extra] = positionals;
    if (wanted === undefined || extra !== undefined) throw new UsageError('scan takes one target; see "palisade scan --help"');
    const wantedFormat = formatNames.find((name) => name === values.format);
    if (wantedFormat === undefined) throw new UsageError(`--format ${values.format}: one of ${formatNames.join(', ')}`);
    const [{ parseTarget }, { createScanner, conclude }, { readTarget }, { compileGatePolicy, failOnPolicy }, { compileWaivers }] = await Promise.all([
      import('../scan/target.ts'),
      import('../scan/pipeline.ts'),
      import('../scan/read.ts'),
      import('@palisade/verdict/policy/compile'),
      import('@palisade/verdict/waiver/compile'),
    ]);
    const policies = (values.policy ?? []).map((file) => compileGatePolicy(readInput(io, file), { file }));
    if (values['fail-on'] !== undefined) policies.push(failOnPolicy(severityOf(values['fail-on'])));
    const waivers = (values.waivers ?? []).flatMap((file) => compileWaivers(readInput(io, file), { file }));
    const rules = values['secret-rules'];
    const scanner = createScanner(rules === undefined ? undefined : { file: rules, text: readInput(io, rules) });
    if (io.progress) for (const notice of scanner.secretRules.notices) io.err(`palisade: ${notice}\n`);
    const bundle = await openFeed(io, values.feed);
    try {
      const target = parseTarget(wanted, io.cwd);
      if (target.guessed && io.progress) io.err(io.locale === 'zh-CN' ? `目标识别为 ${target.kind}:${target.ref}\n` : `taken as ${target.kind}:${target.ref}\n`);
      const reading = await readTarget(target, scanner, {
        signal: io.signal,
        verify: values.verify === true,
        io,
        ...(values['no-cache'] === true ? {} : { cache: path.join(path.dirname(path.dirname(installedFeed(io))), 'cache', 'layers') }),
        ...(io.progress ? { progress: (done: number, total: number) => io.err(`\r\u001b[K${io.locale === 'zh-CN' ? '读取镜像层' : 'reading layer'} ${done + 1}/${total}`) } : {}),
      });
      if (io.progress) io.err('\r\u001b[K');
      const now = new Date();
      const result = conclude(scanner, reading, { bundle, policies, waivers, now });
      await print(result, wantedFormat, values.output, io, now);
      if (result.verdict.result === 'deny') return 1;
      return values.strict === true && result.status !== 'complete' ? 3 : 0;
    } finally {
      bundle?.close();
    }
  },
};

async function openFeed(io: Io, named: string | undefined) {
  const { openBundle } = await import('@palisade/advisory/bundle/open');
  if (named !== undefined) return openBundle(located(io, named));
  const installed = installedFeed(io);
  return existsSync(installed) ? openBundle(installed) : null;
}

async function print(result: ScanResult, wanted: FormatName, output: string | undefined, io: Io, now: Date): Promise<void> {
  const text = await format(wanted, result, { locale: io.locale, color: io.color && output === undefined, now, ...(io.color && process.stdout.columns > 0 ? { width: process.stdout.columns } : {}) });
  if (output === undefined) {
    for (const piece of gathered(text)) io.out(piece);
    return;
  }
  try {
    writeOutput(located(io, output), text);
  } catch (error) {
    throw new UsageError(`--output ${output}: ${messageOf(error)}`);
  }
}

function readInput(io: Io, file: string): string {
  try {
    return readFileSync(located(io, file), 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`);
  }
}

function severityOf(text: string): Exclude<Severity, 'unknown'> {
  const found = (['critical', 'high', 'medium', 'low'] as const).find((severity) => severity === text);
  if (found === undefined) throw new UsageError(`--fail-on ${text}: one of critical, high, medium, low`);
  return found;
}
