import { z } from 'zod';

export type { Locale } from './locale.ts';

/** Every text a user reads exists in both languages. */
export const Text = z.object({ en: z.string(), 'zh-CN': z.string() });
export type Text = z.infer<typeof Text>;
