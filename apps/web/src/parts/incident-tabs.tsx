import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useSpeech } from './text.ts';

/** From incidents to detections and back. */
export function IncidentTabs({ here }: { here: '/incidents' | '/detections' }): ReactNode {
  const { t } = useSpeech();
  const navigate = useNavigate();
  return <Tabs activeKey={here} onChange={(key) => void navigate(key)} items={[{ key: '/incidents', label: t('incidents.title') }, { key: '/detections', label: t('detections.title') }]} />;
}
