import { z } from 'zod';

/** Most bytes of one collected file and of one collection. What is larger is cut, and says so. */
export const evidenceLimits = { file: 32 << 20, all: 64 << 20, part: 512 << 10 } as const;

const name = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A piece of a collected file, at most as many as the limit of one file takes; pieces come before their Evidence. `data`: base64. */
export const EvidencePart = z.object({ evidence: z.string().min(1).max(100), file: name, n: z.number().int().min(0).max(63), data: z.string().max(1 << 20) });
export type EvidencePart = z.infer<typeof EvidencePart>;

/** What was collected about one detection. `missing`: what could not be had, and why. */
export const Evidence = z.object({
  id: z.string().min(1).max(100), at: z.iso.datetime(), detection: z.string().max(100).optional(), reason: z.string().max(500),
  container: z.string().max(64).optional(), containerName: z.string().max(300).optional(), image: z.string().max(500).optional(), process: z.object({ pid: z.number(), start: z.number(), name: z.string().max(64), path: z.string().max(4096) }).optional(),
  files: z.array(z.object({ name, sha256, size: z.number().int().min(0), cut: z.boolean() })).max(50), missing: z.array(z.object({ name: z.string().max(100), reason: z.string().max(500) })).max(100),
});
export type Evidence = z.infer<typeof Evidence>;
