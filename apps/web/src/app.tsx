import { App as Messages, ConfigProvider, Spin } from 'antd';
import enUS from 'antd/es/locale/en_US';
import zhCN from 'antd/es/locale/zh_CN';
import type { ReactNode } from 'react';
import { Suspense, useMemo, useState } from 'react';
import { Route, Routes, useSearchParams } from 'react-router';
import { ApiError } from './api.ts';
import { Frame } from './frame.tsx';
import { pages } from './pages.ts';
import { NotFound } from './pages/not-found.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Welcome } from './pages/welcome.tsx';
import { ChooseDark, Dark, initialDark, rememberDark } from './parts/appearance.ts';
import { Problem } from './parts/problem.tsx';
import { useSpeech } from './parts/text.ts';
import { SessionProvider, useSessionQuery } from './session.tsx';
import { tokens } from './theme.ts';

/** Appearance and language around everything; then the sign-in gate; then the pages. */
export function App(): ReactNode {
  const [dark, setDark] = useState(initialDark);
  const { locale } = useSpeech();
  const theme = useMemo(() => tokens(dark), [dark]);
  const change = (next: boolean): void => {
    rememberDark(next);
    setDark(next);
  };
  return (
    <Dark.Provider value={dark}>
      <ChooseDark.Provider value={change}>
      <ConfigProvider theme={theme} locale={locale === 'zh-CN' ? zhCN : enUS} componentSize="small" button={{ autoInsertSpace: false }}>
        <Messages className={dark ? 'ground dark' : 'ground'}>
          <Gate onDark={change} />
        </Messages>
      </ConfigProvider>
      </ChooseDark.Provider>
    </Dark.Provider>
  );
}

function Gate({ onDark }: { onDark: (dark: boolean) => void }): ReactNode {
  const session = useSessionQuery();
  const [parameters] = useSearchParams();
  const { t } = useSpeech();
  const token = location.pathname === '/setup' ? parameters.get('token') : null;
  if (session.isPending) return <Spin className="centre" description={t('common.loading')} />;
  if (session.data === undefined) return <Problem error={session.error} onRetry={() => void session.refetch()} />;
  const welcome = location.pathname === '/welcome' ? parameters.get('token') : null;
  if (welcome !== null) return <Welcome token={welcome} />;
  if (session.data === null) return token === null ? <SignIn /> : <SignIn token={token} />;
  return (
    <SessionProvider value={session.data}>
      <Frame onDark={onDark} stale={session.isError || (session.failureCount > 0 && !(session.failureReason instanceof ApiError && session.failureReason.status < 500))}>
        <Suspense fallback={<Spin className="centre" description={t('common.loading')} />}>
          <Routes>
            {pages.map((page) => (
              <Route key={page.path} path={page.path} element={<page.Page />} />
            ))}
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </Frame>
    </SessionProvider>
  );
}
