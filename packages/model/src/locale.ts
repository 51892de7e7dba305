/** The two languages of every user-facing text. Kept free of imports: the CLI reads it before anything else. */
export type Locale = 'en' | 'zh-CN';

/** The locale that a POSIX environment asks for (PALISADE_LANG, LC_ALL, LANG); English when it names neither. */
export function localeOf(env: Readonly<Record<string, string | undefined>>): Locale {
  const wanted = env['PALISADE_LANG'] ?? env['LC_ALL'] ?? env['LC_MESSAGES'] ?? env['LANG'] ?? '';
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}
