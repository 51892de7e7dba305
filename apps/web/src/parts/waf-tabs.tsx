import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useSpeech } from './text.ts';

const tabs = [
  ['/web-protection', 'waf.events'],
  ['/web-protection/sites', 'waf.protected'],
  ['/web-protection/sources', 'waf.sources'],
] as const;

/** From requests to what is protected, and to who asked; each has its own URL. */
export function WafTabs({ here }: { here: (typeof tabs)[number][0] }): ReactNode {
  const { t } = useSpeech();
  const navigate = useNavigate();
  return <Tabs activeKey={here} onChange={(to) => void navigate(to)} items={tabs.map(([key, text]) => ({ key, label: t(text), children: null }))} />;
}
