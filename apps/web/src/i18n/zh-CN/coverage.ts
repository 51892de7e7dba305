import type { coverage as en } from '../en/coverage.ts';

export const coverage: Readonly<Record<keyof typeof en, string>> = {
  'gap.kind': '类别',
  'gap.subject': '对象',
  'gap.reason': '原因',
  'gap.count': '数量',
};
