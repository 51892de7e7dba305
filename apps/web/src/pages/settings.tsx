import { Tabs, Typography } from 'antd';
import type { ComponentType, ReactNode } from 'react';
import { useLocation, useNavigate } from 'react-router';
import type { TextKey } from '../i18n/en.ts';
import { useSpeech } from '../parts/text.ts';
import { useMay } from '../session.tsx';
import { AgentSettings } from './settings/agents.tsx';
import { AlertSettings } from './settings/alerts.tsx';
import { Audit } from './settings/audit.tsx';
import { Me } from './settings/me.tsx';
import { Tokens } from './settings/tokens.tsx';
import { Users } from './settings/users.tsx';

type Tab = { readonly key: string; readonly label: TextKey; readonly Page: ComponentType; readonly permission?: string };

const tabs: readonly Tab[] = [
  { key: 'me', label: 'settings.me', Page: Me },
  { key: 'users', label: 'settings.users', Page: Users, permission: 'manage-users' },
  { key: 'tokens', label: 'settings.tokens', Page: Tokens, permission: 'manage-tokens' },
  { key: 'agents', label: 'settings.agents', Page: AgentSettings, permission: 'manage-agents' },
  { key: 'alerts', label: 'settings.alerts', Page: AlertSettings, permission: 'manage-settings' },
  { key: 'audit', label: 'settings.audit', Page: Audit, permission: 'read-audit' },
];

/** What people set: their own account always, the rest as far as their roles go. */
export function Settings(): ReactNode {
  const { t } = useSpeech();
  const may = useMay();
  const navigate = useNavigate();
  // A tab that is listed as a page of its own has no parameter.
  const { pathname } = useLocation();
  const tab = pathname.split('/')[2] ?? 'me';
  const shown = tabs.filter(({ permission }) => permission === undefined || may(permission));
  const active = shown.find(({ key }) => key === tab) ?? shown[0];
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {t('nav.settings')}
      </Typography.Title>
      <Tabs activeKey={active?.key ?? 'me'} onChange={(key) => void navigate(`/settings/${key}`)} destroyOnHidden items={shown.map(({ key, label, Page }) => ({ key, label: t(label), children: <Page /> }))} />
    </>
  );
}
