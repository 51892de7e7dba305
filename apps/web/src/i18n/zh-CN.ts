import type { TextKey } from './en.ts';
import { alerts } from './zh-CN/alerts.ts';
import { coverage } from './zh-CN/coverage.ts';
import { detections } from './zh-CN/detections.ts';
import { gapKinds } from './zh-CN/gap-kinds.ts';
import { findings } from './zh-CN/findings.ts';
import { frame } from './zh-CN/frame.ts';
import { overview } from './zh-CN/overview.ts';
import { vulnerabilities } from './zh-CN/vulnerabilities.ts';
import { workloads } from './zh-CN/workloads.ts';
import { images } from './zh-CN/images.ts';
import { feeds } from './zh-CN/feeds.ts';
import { policies } from './zh-CN/policies.ts';
import { problems } from './zh-CN/problems.ts';
import { responses } from './zh-CN/responses.ts';
import { settings } from './zh-CN/settings.ts';
import { waf } from './zh-CN/waf.ts';
import { waivers } from './zh-CN/waivers.ts';

/** 控制台的中文文本；键与 en.ts 完全一致（由编译器检查）。 */
export const zhCN: Readonly<Record<TextKey, string>> = { ...alerts, ...coverage, ...detections, ...findings, ...gapKinds, ...frame, ...images, ...overview, ...vulnerabilities, ...workloads, ...feeds, ...policies, ...problems, ...responses, ...settings, ...waf, ...waivers };
