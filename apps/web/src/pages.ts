import { lazy } from 'react';
import type { ComponentType } from 'react';
import type { TextKey } from './i18n/en.ts';

/** One page: its URL, its place in the menu, and the letter that `g` jumps to. */
export type Page = { readonly path: string; readonly Page: ComponentType; readonly menu?: TextKey; readonly key?: string };

/** Each page is a file of its own that the browser fetches when it is first opened. */
function later(load: () => Promise<ComponentType>): ComponentType {
  return lazy(async () => ({ default: await load() }));
}

export const pages: readonly Page[] = [
  { path: '/', Page: later(async () => (await import('./pages/images.tsx')).Images) },
  { path: '/images', Page: later(async () => (await import('./pages/images.tsx')).Images), menu: 'nav.images', key: 'i' },
  { path: '/images/:id', Page: later(async () => (await import('./pages/image.tsx')).ImagePage) },
];
