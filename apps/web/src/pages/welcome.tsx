import { Alert, Button, Card, Form, Input, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useSpeech } from '../parts/text.ts';
import { useWhy } from '../parts/why.ts';
import { useSignIn } from '../session.tsx';

/** Where a one-time link of an administrator leads: choose a password, and be signed in. */
export function Welcome({ token }: { token: string }): ReactNode {
  const { t } = useSpeech();
  const { welcome } = useSignIn();
  const why = useWhy();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async ({ password }: { password: string }): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await welcome(token, password);
      await navigate('/', { replace: true });
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
          {t('welcome.title')}
        </Typography.Title>
        <Typography.Paragraph>{t('welcome.intro')}</Typography.Paragraph>
        {problem === undefined ? null : <Alert type="error" showIcon title={problem} role="alert" style={{ marginBottom: 16 }} />}
        <Form<{ password: string }> layout="vertical" onFinish={(fields) => void submit(fields)} requiredMark={false}>
          <Form.Item name="password" label={t('login.password')} rules={[{ required: true, min: 12 }]} extra={t('setup.passwordHint')}>
            <Input.Password autoComplete="new-password" autoFocus />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={busy} block>
            {t('welcome.submit')}
          </Button>
        </Form>
      </Card>
    </main>
  );
}
