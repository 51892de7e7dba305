import type { Finding, Priority, PriorityPart } from '@palisade/model/finding';
import { removedShare, severityPoints, weights } from './weights.ts';

/** Where the finding is. A field left out is "not looked at" and adds nothing; it is said so. */
export type PriorityContext = {
  /** True: the layer came with the base image. */
  readonly inBase?: boolean;
  /** How many running containers use the image now. */
  readonly running?: number;
  /** Published ports of those containers, as "tcp/443". */
  readonly exposed?: readonly string[];
  readonly privileged?: boolean;
  /** Public exploit code is known (beside KEV). */
  readonly exploit?: boolean;
};

/** A score of 0 to 100 and what it is made of. Pure; the formula is in docs/priority.md. */
export function prioritise(finding: Omit<Finding, 'priority'>, context: PriorityContext): Priority {
  const parts: PriorityPart[] = [severityPart(finding)];
  if (finding.kind === 'vulnerability') parts.push(...threatParts(finding, context), fixPart(finding));
  parts.push(...placeParts(context));
  const sum = parts.reduce((total, part) => total + part.value, 0);
  if (finding.removed !== undefined) {
    parts.push({ name: 'removed', value: round(sum * (removedShare - 1)), why: { en: 'deleted by a later layer: still in the image, no longer in its file system', 'zh-CN': '已被后续镜像层删除：仍在镜像数据中，但不在文件系统里' } });
  }
  const score = parts.reduce((total, part) => total + part.value, 0);
  return { score: Math.max(0, Math.min(100, round(score))), parts };
}

function severityPart(finding: Omit<Finding, 'priority'>): PriorityPart {
  const { cvss, severity } = finding;
  if (cvss !== undefined) {
    const value = round((cvss.score / 10) * weights.severity);
    return { name: 'severity', value, why: { en: `CVSS ${cvss.score.toFixed(1)} (${severity})`, 'zh-CN': `CVSS ${cvss.score.toFixed(1)}（${zhSeverity[severity]}）` } };
  }
  return { name: 'severity', value: severityPoints[severity], why: { en: `severity ${severity}, no CVSS score known`, 'zh-CN': `严重程度：${zhSeverity[severity]}，没有 CVSS 分数` } };
}

export const zhSeverity = { critical: '严重', high: '高', medium: '中', low: '低', unknown: '未知' } as const;

function threatParts(finding: Omit<Finding, 'priority'>, context: PriorityContext): PriorityPart[] {
  const kev = finding.kev === true;
  const { epss } = finding;
  return [
    {
      name: 'kev',
      value: kev ? weights.kev : 0,
      why: kev ? { en: 'known to be exploited (CISA KEV)', 'zh-CN': '已知被利用（CISA KEV）' } : { en: 'not in CISA KEV', 'zh-CN': '不在 CISA KEV 目录中' },
    },
    {
      name: 'epss',
      // The square root spreads the low end, where nearly all scores lie.
      value: epss === undefined ? 0 : round(Math.sqrt(epss) * weights.epss),
      why:
        epss === undefined
          ? { en: 'no EPSS score known', 'zh-CN': '没有 EPSS 分数' }
          : { en: `EPSS: ${percent(epss)} chance of exploitation within 30 days`, 'zh-CN': `EPSS：30 天内被利用的概率为 ${percent(epss)}` },
    },
    {
      name: 'exploit',
      value: kev || context.exploit === true ? weights.exploit : 0,
      why: kev || context.exploit === true ? { en: 'an exploit exists', 'zh-CN': '存在利用方法' } : { en: 'no public exploit known', 'zh-CN': '没有已知的公开利用代码' },
    },
  ];
}

function fixPart(finding: Omit<Finding, 'priority'>): PriorityPart {
  if (finding.fixed !== undefined) return { name: 'fix', value: weights.fix, why: { en: `fixed in ${finding.fixed}`, 'zh-CN': `已在 ${finding.fixed} 中修复` } };
  return { name: 'fix', value: 0, why: fixTexts[finding.fixState ?? 'unknown'] };
}

const fixTexts = {
  fixed: { en: 'a fix exists', 'zh-CN': '已有修复' },
  'not-fixed': { en: 'no fix yet', 'zh-CN': '尚无修复' },
  'wont-fix': { en: 'the publisher will not fix it', 'zh-CN': '发行方不会修复' },
  deferred: { en: 'the publisher has put the fix off', 'zh-CN': '发行方推迟修复' },
  unknown: { en: 'not known whether a fix exists', 'zh-CN': '不知道是否有修复' },
} as const;

function placeParts(context: PriorityContext): PriorityPart[] {
  const { inBase, running, exposed, privileged } = context;
  const unseen = { en: 'not looked at', 'zh-CN': '未查看' };
  return [
    {
      name: 'layer',
      value: inBase === false ? weights.ownLayer : 0,
      why: inBase === undefined ? unseen : inBase ? { en: 'from the base image', 'zh-CN': '来自基础镜像' } : { en: 'from your own layer', 'zh-CN': '来自自己的镜像层' },
    },
    {
      name: 'running',
      value: running !== undefined && running > 0 ? weights.running : 0,
      why: running === undefined ? unseen : running > 0 ? { en: `in use by ${running} running container${running === 1 ? '' : 's'}`, 'zh-CN': `正被 ${running} 个运行中的容器使用` } : { en: 'no running container uses it', 'zh-CN': '没有运行中的容器使用' },
    },
    {
      name: 'exposed',
      value: exposed !== undefined && exposed.length > 0 ? weights.exposed : 0,
      why: exposed === undefined ? unseen : exposed.length > 0 ? { en: `publishes ${exposed.slice(0, 5).join(', ')}`, 'zh-CN': `对外发布端口 ${exposed.slice(0, 5).join('、')}` } : { en: 'publishes no port', 'zh-CN': '没有对外发布端口' },
    },
    {
      name: 'privileged',
      value: privileged === true ? weights.privileged : 0,
      why: privileged === undefined ? unseen : privileged ? { en: 'runs privileged', 'zh-CN': '以特权模式运行' } : { en: 'not privileged', 'zh-CN': '非特权模式' },
    },
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
