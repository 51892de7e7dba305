import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import type { TextKey } from '../i18n/en.ts';
import { useSpeech } from './text.ts';

/** Pages that belong together, by URL and name; each has its own URL. */
export function PageTabs({ tabs, here, size }: { tabs: readonly (readonly [string, TextKey])[]; here: string; size?: 'small' }): ReactNode {
  const { t } = useSpeech();
  const navigate = useNavigate();
  return <Tabs {...(size === undefined ? {} : { size })} activeKey={here} onChange={(to) => void navigate(to)} items={tabs.map(([key, text]) => ({ key, label: t(text), children: null }))} />;
}
