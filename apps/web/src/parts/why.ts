import { ApiError } from '../api.ts';
import { en } from '../i18n/en.ts';
import type { TextKey } from '../i18n/en.ts';
import { useSpeech } from './text.ts';

/** What went wrong in the reader's language, with the console's own detail (which names places and is English) after it. */
export function useWhy(): (error: unknown) => string {
  const { t, number, locale } = useSpeech();
  return (error) => {
    if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
    const key = `problem.${error.code}`;
    const wait = error.about['retryAfterSeconds'];
    if (typeof wait === 'number') return t('problem.too-many-attempts', { wait: wait < 90 ? t('problem.seconds', { count: number(wait) }) : t('problem.minutes', { count: number(Math.ceil(wait / 60)) }) });
    if (!Object.hasOwn(en, key)) return error.message;
    const title = t(key as TextKey);
    const detail = error.message.toLowerCase();
    // The catalogue's own sentence says nothing beyond the title.
    if (error.code === 'wrong-credentials' || en[key as TextKey].toLowerCase() === detail) return title;
    return `${title}${locale === 'zh-CN' ? '：' : ': '}${error.message}`;
  };
}
