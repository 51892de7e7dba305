import { coverage } from './en/coverage.ts';
import { findings } from './en/findings.ts';
import { frame } from './en/frame.ts';
import { images } from './en/images.ts';

/** English texts of the console, one file a page or subject. Every key here exists in zh-CN too (the compiler checks it). */
export const en = { ...coverage, ...findings, ...frame, ...images } as const;

export type TextKey = keyof typeof en;
