import { alerts } from './en/alerts.ts';
import { coverage } from './en/coverage.ts';
import { detections } from './en/detections.ts';
import { gapKinds } from './en/gap-kinds.ts';
import { findings } from './en/findings.ts';
import { frame } from './en/frame.ts';
import { overview } from './en/overview.ts';
import { vulnerabilities } from './en/vulnerabilities.ts';
import { workloads } from './en/workloads.ts';
import { images } from './en/images.ts';
import { feeds } from './en/feeds.ts';
import { policies } from './en/policies.ts';
import { problems } from './en/problems.ts';
import { responses } from './en/responses.ts';
import { settings } from './en/settings.ts';
import { waf } from './en/waf.ts';
import { waivers } from './en/waivers.ts';

/** English texts of the console, one file a page or subject. Every key here exists in zh-CN too (the compiler checks it). */
export const en = { ...alerts, ...coverage, ...detections, ...findings, ...gapKinds, ...frame, ...images, ...overview, ...vulnerabilities, ...workloads, ...feeds, ...policies, ...problems, ...responses, ...settings, ...waf, ...waivers } as const;

export type TextKey = keyof typeof en;
