import { Alert, Button, Card, Form, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useWhy } from './why.ts';

/** The one card that somebody who is not signed in sees: fields, one button, what went wrong. `onSubmit` answers where to go next. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the fields hold
export function Entry<Fields extends object>({ title, intro, submit, onSubmit, children }: { title: string; intro?: string | undefined; submit: string; onSubmit: (fields: Fields) => Promise<string>; children: ReactNode }): ReactNode {
  const why = useWhy();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const finish = async (fields: Fields): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await navigate(await onSubmit(fields), { replace: true });
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
          {title}
        </Typography.Title>
        {intro === undefined ? null : <Typography.Paragraph>{intro}</Typography.Paragraph>}
        {problem === undefined ? null : <Alert type="error" showIcon title={problem} role="alert" style={{ marginBottom: 16 }} />}
        <Form<Fields> layout="vertical" onFinish={(fields) => void finish(fields)} requiredMark={false}>
          {children}
          <Button type="primary" htmlType="submit" loading={busy} block>
            {submit}
          </Button>
        </Form>
      </Card>
    </main>
  );
}
