import { z } from 'zod';

/** One request as the firewall saw it, secrets masked: what replay and explain read. Bytes are base64. */
export const WafRecording = z.strictObject({
  schema: z.literal('palisade.waf-request/1'),
  time: z.iso.datetime(),
  /** The reference of its event, where it had one. */
  id: z.string().min(1).max(100),
  site: z.string().max(500),
  client: z.string().max(100),
  method: z.string().max(100),
  target: z.base64(),
  version: z.enum(['1.0', '1.1']),
  headers: z.array(z.tuple([z.string(), z.base64()])).max(1000),
  /** Without its content coding. */
  body: z.base64(),
  /** The body was longer than is recorded, or of a kind in which secrets can't be told. */
  bodyCut: z.boolean(),
  status: z.number().int(),
  /** Names of what was masked: its letters became x, its digits 0. */
  masked: z.array(z.string().max(200)).max(1000),
});
export type WafRecording = z.infer<typeof WafRecording>;
