import { z } from 'zod';

/** What a feed source knows of one ecosystem (with release): "not affected" is answered only under complete. */
export const Coverage = z.union([z.literal('complete'), z.object({ partial: z.string() })]);
export type Coverage = z.infer<typeof Coverage>;
