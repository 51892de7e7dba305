import { z } from 'zod';

/** Every text a user reads exists in both languages. */
export const Text = z.object({ en: z.string(), 'zh-CN': z.string() });
export type Text = z.infer<typeof Text>;

export const locales = ['en', 'zh-CN'] as const;
export type Locale = (typeof locales)[number];

/** The locale that a POSIX environment asks for (LC_ALL, LC_MESSAGES, LANG); English when it names neither. */
export function localeOf(env: Readonly<Record<string, string | undefined>>): Locale {
  const wanted = env['PALISADE_LANG'] ?? env['LC_ALL'] ?? env['LC_MESSAGES'] ?? env['LANG'] ?? '';
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}
