import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useSpeech } from './text.ts';

const tabs = [
  ['/workloads', 'workloads.containers'],
  ['/workloads/nodes', 'workloads.nodes'],
  ['/workloads/risks', 'workloads.risks'],
] as const;

/** The three lists of workloads; each has its own URL. */
export function WorkloadTabs({ here }: { here: (typeof tabs)[number][0] }): ReactNode {
  const { t } = useSpeech();
  const navigate = useNavigate();
  return <Tabs size="small" activeKey={here} onChange={(to) => void navigate(to)} items={tabs.map(([key, text]) => ({ key, label: t(text), children: null }))} />;
}
