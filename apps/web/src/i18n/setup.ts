import type { Locale } from '@palisade/model/text';
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

const stored = 'palisade.locale';

/** The language chosen here before, else the browser's. */
export function initialLocale(): Locale {
  const chosen = localStorage.getItem(stored);
  if (chosen === 'en' || chosen === 'zh-CN') return chosen;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** Keys hold dots and are flat: separators are switched off. */
export async function startTexts(): Promise<void> {
  const lng = initialLocale();
  document.documentElement.lang = lng;
  await i18next.use(initReactI18next).init({
    lng,
    fallbackLng: 'en',
    keySeparator: false,
    nsSeparator: false,
    resources: { en: { translation: en }, 'zh-CN': { translation: zhCN } },
    interpolation: { escapeValue: false },
  });
}

/** Changes the language of the whole page at once and remembers it. */
export async function chooseLanguage(locale: Locale): Promise<void> {
  localStorage.setItem(stored, locale);
  document.documentElement.lang = locale;
  await i18next.changeLanguage(locale);
}
