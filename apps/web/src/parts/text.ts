import type { Locale, Text } from '@palisade/model/text';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { TextKey } from '../i18n/en.ts';

/** Everything a page needs to speak: `t` for the page's own texts, `say` for texts that come with the data. */
export type Speech = {
  readonly locale: Locale;
  t(key: TextKey, values?: Readonly<Record<string, string | number>>): string;
  say(text: Text): string;
  number(value: number): string;
  bytes(value: number): string;
  ago(iso: string): string;
  exact(iso: string): string;
};

export function useSpeech(): Speech {
  const { t, i18n } = useTranslation();
  const locale: Locale = i18n.language === 'zh-CN' ? 'zh-CN' : 'en';
  return speech(locale, t);
}

function speech(locale: Locale, translate: TFunction): Speech {
  return {
    locale,
    t: (key, values) => translate(key, values ?? {}),
    say: (text) => text[locale],
    number: (value) => new Intl.NumberFormat(locale).format(value),
    bytes: (value) => formatBytes(value, locale),
    ago: (iso) => relativeTime(new Date(iso), new Date(), locale),
    exact: (iso) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso)),
  };
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as a person reads them: 1536 → "1.5 KiB". */
export function formatBytes(value: number, locale: Locale): string {
  let rest = value;
  let unit = 0;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: unit === 0 ? 0 : 1 }).format(rest)} ${units[unit] ?? 'B'}`;
}

const steps = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** "3 min ago" in the reader's language; seconds count as "now". */
export function relativeTime(then: Date, now: Date, locale: Locale): string {
  const seconds = Math.round((then.getTime() - now.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, 'second');
}
