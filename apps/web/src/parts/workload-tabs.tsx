import type { ReactNode } from 'react';
import { PageTabs } from './page-tabs.tsx';

const tabs = [
  ['/workloads', 'workloads.containers'],
  ['/workloads/nodes', 'workloads.nodes'],
  ['/workloads/risks', 'workloads.risks'],
] as const;

/** The three lists of workloads; each has its own URL. */
export function WorkloadTabs({ here }: { here: (typeof tabs)[number][0] }): ReactNode {
  return <PageTabs tabs={tabs} here={here} size="small" />;
}
