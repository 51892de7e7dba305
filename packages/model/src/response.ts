import { z } from 'zod';

/** What was done. The last four take an earlier one back. */
export const doneActions = ['kill-process', 'pause', 'stop', 'kill', 'isolate', 'collect', 'deny-exec', 'hold', 'unpause', 'reconnect', 'allow', 'release'] as const;

/** `would`: the policy only monitors; `gone`: its target had ended; `skipped`: the budget of the rule in this container was used up. */
export const responseResults = ['asked', 'done', 'failed', 'gone', 'would', 'skipped', 'expired'] as const;

/** How a response can be taken back. */
export const undoActions = ['unpause', 'reconnect', 'allow', 'release'] as const;

/**
 * One thing an agent did. Told again under the same id when more of the same happened (`count` is to be added) or when
 * it was taken back. `policy` absent: somebody asked for it by hand. `deadline`: when it is taken back by itself.
 */
export const Response = z.object({
  id: z.string().min(1).max(100), at: z.iso.datetime(), lastAt: z.iso.datetime(), count: z.number().int().min(0),
  action: z.enum(doneActions), result: z.enum(responseResults), message: z.string().max(1000).optional(), tookMs: z.number().min(0).optional(),
  policy: z.object({ name: z.string().max(300), rule: z.string().max(100) }).optional(), command: z.string().max(100).optional(),
  detection: z.string().max(100).optional(), rule: z.string().max(500).optional(),
  container: z.string().max(64).optional(), containerName: z.string().max(300).optional(), image: z.string().max(500).optional(), namespace: z.string().max(300).optional(), project: z.string().max(300).optional(),
  process: z.object({ pid: z.number().int(), start: z.number(), name: z.string().max(64), path: z.string().max(4096) }).optional(),
  undo: z.enum(undoActions).optional(), deadline: z.iso.datetime().optional(), undone: z.object({ at: z.iso.datetime(), by: z.string().max(300) }).optional(),
});
export type Response = z.infer<typeof Response>;

/** What the console wants of an agent: documents in force in its cluster. `revision` changes with them. */
export const DesiredPolicy = z.object({ revision: z.string().min(1).max(100), cluster: z.object({ id: z.string(), name: z.string() }), documents: z.array(z.unknown()).max(2000), /** Running images with vulnerabilities that a virtual patch is known for: CVE ids by image id. */ vulnerable: z.array(z.object({ image: z.string().max(200), cves: z.array(z.string().max(50)).max(200) })).max(5000).optional() });
export type DesiredPolicy = z.infer<typeof DesiredPolicy>;

/** What the console knows of an image. `verdict` none: no policy speaks of it; null: not judged yet. */
export const ImageStanding = z.object({ scanned: z.boolean(), verdict: z.enum(['none', 'allow', 'warn', 'deny']).nullable() });
export type ImageStanding = z.infer<typeof ImageStanding>;
