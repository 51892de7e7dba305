import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useSpeech } from './text.ts';

/** From incidents to detections, what was done about them, what was kept of them, and what is to be done by itself. */
export function IncidentTabs({ here }: { here: '/incidents' | '/detections' | '/responses' | '/evidence' | '/response-policies' }): ReactNode {
  const { t } = useSpeech();
  const navigate = useNavigate();
  return <Tabs activeKey={here} onChange={(key) => void navigate(key)} items={[{ key: '/incidents', label: t('incidents.title') }, { key: '/detections', label: t('detections.title') }, { key: '/responses', label: t('responses.title') }, { key: '/response-policies', label: t('responsePolicies.title') }, { key: '/evidence', label: t('evidence.title') }]} />;
}
