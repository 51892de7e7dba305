import { Form, Input } from 'antd';
import type { ReactNode } from 'react';
import { Entry } from '../parts/entry.tsx';
import { useSpeech } from '../parts/text.ts';
import { useSignIn } from '../session.tsx';

/** Where a one-time link of an administrator leads: choose a password, and be signed in. */
export function Welcome({ token }: { token: string }): ReactNode {
  const { t } = useSpeech();
  const { welcome } = useSignIn();
  const enter = async ({ password }: { password: string }): Promise<string> => {
    await welcome(token, password);
    return '/';
  };
  return (
    <Entry title={t('welcome.title')} intro={t('welcome.intro')} submit={t('welcome.submit')} onSubmit={enter}>
      <Form.Item name="password" label={t('login.password')} rules={[{ required: true, min: 12 }]} extra={t('setup.passwordHint')}>
        <Input.Password autoComplete="new-password" autoFocus />
      </Form.Item>
    </Entry>
  );
}
