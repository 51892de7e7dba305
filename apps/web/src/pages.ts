import type { ComponentType } from 'react';
import type { TextKey } from './i18n/en.ts';
import { ImagePage } from './pages/image.tsx';
import { Images } from './pages/images.tsx';

/** One page: its URL, its place in the menu, and the letter that `g` jumps to. */
export type Page = { readonly path: string; readonly Page: ComponentType; readonly menu?: TextKey; readonly key?: string };

export const pages: readonly Page[] = [
  { path: '/', Page: Images },
  { path: '/images', Page: Images, menu: 'nav.images', key: 'i' },
  { path: '/images/:id', Page: ImagePage },
];
