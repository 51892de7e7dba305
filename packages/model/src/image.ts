import { z } from 'zod';
import { Layer } from './layer.ts';

/** An image as scanned. `id` is the config digest, `digest` the manifest's where a registry or index gave one. */
export const Image = z.object({
  id: z.string(),
  digest: z.string().optional(),
  platform: z.string(),
  created: z.string().nullable(),
  layers: z.array(Layer),
  user: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  names: z.array(z.string()).optional(),
  base: z.string().optional(),
  signed: z.boolean().optional(),
});
export type Image = z.infer<typeof Image>;
