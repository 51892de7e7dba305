import { Alert, Button, Input, Layout, Menu, Segmented, Space } from 'antd';
import type { Locale } from '@palisade/model/text';
import type { ReactNode } from 'react';
import { useCallback, useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { Help } from './help.tsx';
import { chooseLanguage } from './i18n/setup.ts';
import { pages } from './pages.ts';
import { useDark } from './parts/appearance.ts';
import { useSpeech } from './parts/text.ts';
import { OpenTasks } from './parts/tasks.tsx';
import { useKeys } from './keys.ts';
import { useLive } from './live.ts';
import { useSession, useSignIn } from './session.tsx';

/** Header, menu and content: the same on every page. `stale` says that the console stopped answering. */
export function Frame({ children, onDark, stale }: { children: ReactNode; onDark: (dark: boolean) => void; stale: boolean }): ReactNode {
  const { t, locale } = useSpeech();
  const dark = useDark();
  const { pathname } = useLocation();
  const { user } = useSession();
  const { signOut } = useSignIn();
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  useKeys(useCallback(() => setHelp(true), []));
  const lost = useLive();
  const items = pages.flatMap((page) => (page.menu === undefined ? [] : [{ key: page.path, label: <Link to={page.path}>{t(page.menu)}</Link> }]));
  const here = items.filter((item) => item.key === '/' ? pathname === '/' : pathname.startsWith(item.key)).map((item) => item.key);
  return (
    <Layout className="frame">
      <a className="skip" href="#content">
        {t('nav.skip')}
      </a>
      <Help open={help} onClose={() => setHelp(false)} />
      <Layout.Header className="frame-header">
        <Link to="/" className="brand">
          <img src="/palisade.svg" alt="" width={20} height={20} /> {t('app.name')}
        </Link>
        <form
          role="search"
          className="everywhere"
          onSubmit={(event) => {
            event.preventDefault();
            const q = new FormData(event.currentTarget).get('q');
            if (typeof q === 'string' && q.trim() !== '') void navigate(`/search?q=${encodeURIComponent(q.trim())}`);
          }}
        >
          <Input type="search" name="q" placeholder={t('search.placeholder')} aria-label={t('search.placeholder')} autoComplete="off" />
        </form>
        <Space>
          <Button size="small" aria-label={t('help.open')} title={t('help.open')} onClick={() => setHelp(true)}>
            ?
          </Button>
          <Segmented<Locale>
            value={locale}
            options={[
              { value: 'en', label: 'English' },
              { value: 'zh-CN', label: '中文' },
            ]}
            onChange={(next) => void chooseLanguage(next)}
          />
          <Segmented<boolean>
            value={dark}
            options={[
              { value: false, label: t('theme.light') },
              { value: true, label: t('theme.dark') },
            ]}
            onChange={onDark}
          />
          <span>{user.name}</span>
          <Button onClick={() => void signOut()}>{t('login.out')}</Button>
        </Space>
      </Layout.Header>
      <Layout>
        <Layout.Sider width={180} breakpoint="lg" collapsedWidth={0} theme="light">
          <nav aria-label={t('app.name')}>
            <Menu mode="inline" selectedKeys={here} items={items} theme="light" />
          </nav>
        </Layout.Sider>
        <Layout.Content className="content">
          {stale || lost ? <Alert banner type="warning" role="alert" title={t('error.unreachable')} style={{ marginBottom: 12 }} /> : null}
          <OpenTasks />
          <div id="content">{children}</div>
        </Layout.Content>
      </Layout>
    </Layout>
  );
}
