import { z } from 'zod';

/** One layer of an image. `instruction` is the history entry that made it; `size` is in bytes, uncompressed. */
export const Layer = z.object({
  diffId: z.string(),
  instruction: z.string(),
  size: z.number().int().nonnegative(),
  base: z.boolean(),
});
export type Layer = z.infer<typeof Layer>;
