import { Alert, Button, Card, Form, Input, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { useSpeech } from '../parts/text.ts';
import { useWhy } from '../parts/why.ts';
import { useSignIn } from '../session.tsx';

type Fields = { name: string; password: string };

/** Sign-in, or with the one-time token of the first run the creation of the first administrator. */
export function SignIn({ token }: { token?: string }): ReactNode {
  const { t } = useSpeech();
  const { signIn, setUp } = useSignIn();
  const why = useWhy();
  const navigate = useNavigate();
  const location = useLocation();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const first = token !== undefined;

  const submit = async ({ name, password }: Fields): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      if (first) await setUp(token, name, password);
      else await signIn(name, password);
      await navigate(first ? '/' : `${location.pathname}${location.search}`, { replace: true });
    } catch (error) {
      setProblem(why(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <Card>
        <Typography.Title level={1} className="page-title">
          {t(first ? 'setup.title' : 'login.title')}
        </Typography.Title>
        {first ? <Typography.Paragraph>{t('setup.intro')}</Typography.Paragraph> : null}
        {problem === undefined ? null : <Alert type="error" showIcon title={problem} role="alert" style={{ marginBottom: 16 }} />}
        <Form<Fields> layout="vertical" onFinish={(fields) => void submit(fields)} requiredMark={false}>
          <Form.Item name="name" label={t('login.name')} rules={[{ required: true }]}>
            <Input autoComplete="username" autoFocus />
          </Form.Item>
          <Form.Item name="password" label={t('login.password')} rules={[{ required: true }]} extra={first ? t('setup.passwordHint') : undefined}>
            <Input.Password autoComplete={first ? 'new-password' : 'current-password'} />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={busy} block>
            {t(first ? 'setup.submit' : 'login.submit')}
          </Button>
        </Form>
      </Card>
    </main>
  );
}
