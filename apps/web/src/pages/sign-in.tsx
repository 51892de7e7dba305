import { Form, Input } from 'antd';
import type { ReactNode } from 'react';
import { useLocation } from 'react-router';
import { Entry } from '../parts/entry.tsx';
import { useSpeech } from '../parts/text.ts';
import { useSignIn } from '../session.tsx';

/** Sign-in, or with the one-time token of the first run the creation of the first administrator. */
export function SignIn({ token }: { token?: string }): ReactNode {
  const { t } = useSpeech();
  const { signIn, setUp } = useSignIn();
  const { pathname, search } = useLocation();
  const first = token !== undefined;
  const enter = async ({ name, password }: { name: string; password: string }): Promise<string> => {
    if (first) await setUp(token, name, password);
    else await signIn(name, password);
    return first ? '/' : `${pathname}${search}`;
  };
  return (
    <Entry title={t(first ? 'setup.title' : 'login.title')} intro={first ? t('setup.intro') : undefined} submit={t(first ? 'setup.submit' : 'login.submit')} onSubmit={enter}>
      <Form.Item name="name" label={t('login.name')} rules={[{ required: true }]}>
        <Input autoComplete="username" autoFocus />
      </Form.Item>
      <Form.Item name="password" label={t('login.password')} rules={[{ required: true }]} extra={first ? t('setup.passwordHint') : undefined}>
        <Input.Password autoComplete={first ? 'new-password' : 'current-password'} />
      </Form.Item>
    </Entry>
  );
}
