import { coverage } from './en/coverage.ts';
import { findings } from './en/findings.ts';
import { frame } from './en/frame.ts';
import { overview } from './en/overview.ts';
import { vulnerabilities } from './en/vulnerabilities.ts';
import { workloads } from './en/workloads.ts';
import { images } from './en/images.ts';

/** English texts of the console, one file a page or subject. Every key here exists in zh-CN too (the compiler checks it). */
export const en = { ...coverage, ...findings, ...frame, ...images, ...overview, ...vulnerabilities, ...workloads } as const;

export type TextKey = keyof typeof en;
