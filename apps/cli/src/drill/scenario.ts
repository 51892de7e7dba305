import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Text } from '@palisade/model/text';
import { parseDocument } from 'yaml';
import { z } from 'zod';

export const drillClasses = ['escape', 'lateral-movement', 'miner', 'backdoor', 'data-transfer', 'reverse-shell', 'malware', 'remote-control'] as const;

const name = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);

/**
 * One way of doing it: another tool, interpreter or name. `noticeOnly`: why an alert below warning is all there can be,
 * since honest work does the very same.
 */
const Variant = z.strictObject({ name, run: z.string().min(1), noticeOnly: Text.optional() });

/**
 * An attack as a safe script, or honest work that looks like one. It runs in a throw-away container without a network
 * but its own: addresses of the documentation ranges (203.0.113.10, 198.51.100.10, 2001:db8::10) lead back to itself.
 */
const Scenario = z.strictObject({
  id: name,
  kind: z.enum(['attack', 'benign']),
  class: z.enum(drillClasses),
  title: Text,
  /** The distribution's tools, or busybox alone, as many images have it. */
  image: z.enum(['debian', 'busybox']).default('debian'),
  /** MITRE ATT&CK, of attacks. */
  technique: z.string().regex(/^T\d{4}(?:\.\d{3})?$/).optional(),
  /** What the container is given beyond the ordinary, as many are in the field. */
  container: z
    .strictObject({
      capabilities: z.array(z.string().regex(/^[A-Z_]+$/)).default([]),
      /** `source:destination[:ro]` */
      mounts: z.array(z.string()).default([]),
      hostPid: z.boolean().default(false),
      unconfined: z.boolean().default(false),
      user: z.string().optional(),
    })
    .default({ capabilities: [], mounts: [], hostPid: false, unconfined: false }),
  /** Runs the script by `docker exec` with a terminal, as an administrator would. */
  exec: z.boolean().default(false),
  variants: z.array(Variant).min(1).max(20),
  /** Seconds until a script counts as hung. */
  timeout: z.number().int().min(1).max(120).default(90),
});
export type Scenario = z.infer<typeof Scenario>;

/** Reads every scenario of a folder, one list a file. Throws with file, line and cause. */
export function loadScenarios(folder: string): Scenario[] {
  const scenarios: Scenario[] = [];
  for (const file of globSync('*.yaml', { cwd: folder }).sort()) {
    const document = parseDocument(readFileSync(path.join(folder, file), 'utf8'));
    const [broken] = document.errors;
    if (broken !== undefined) throw new Error(`${file}:${broken.linePos?.[0].line ?? 1}: ${broken.message.split('\n')[0] ?? ''}`);
    const parsed = z.array(Scenario).safeParse(document.toJS());
    if (!parsed.success) throw new Error(`${file}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
    scenarios.push(...parsed.data);
  }
  const seen = new Set<string>();
  for (const { id } of scenarios) {
    if (seen.has(id)) throw new Error(`the drill "${id}" exists twice`);
    seen.add(id);
  }
  return scenarios;
}
