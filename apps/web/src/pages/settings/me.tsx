import { Alert, Button, Form, Input, Segmented } from 'antd';
import type { Locale } from '@palisade/model/text';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { call } from '../../api.ts';
import { chooseLanguage } from '../../i18n/setup.ts';
import { useChooseDark, useDark } from '../../parts/appearance.ts';
import { GrantList } from '../../parts/grants.tsx';
import { useSpeech } from '../../parts/text.ts';
import { useWhy } from '../../parts/why.ts';
import { useSession } from '../../session.tsx';

type Fields = { current: string; next: string };

/** One's own roles, password, language and appearance. */
export function Me(): ReactNode {
  const { t, locale } = useSpeech();
  const { user } = useSession();
  const dark = useDark();
  const chooseDark = useChooseDark();
  return (
    <>
      <h2 className="section-title">{user.name}</h2>
      <GrantList grants={user.grants} />
      <h2 className="section-title">{t('me.look')}</h2>
      <div className="actions">
        <Segmented<Locale> aria-label={t('me.language')} value={locale} options={[{ value: 'en', label: 'English' }, { value: 'zh-CN', label: '中文' }]} onChange={(next) => void chooseLanguage(next)} />
        <Segmented<boolean> aria-label={t('me.appearance')} value={dark} options={[{ value: false, label: t('theme.light') }, { value: true, label: t('theme.dark') }]} onChange={chooseDark} />
      </div>
      <h2 className="section-title">{t('me.password')}</h2>
      <Password />
    </>
  );
}

function Password(): ReactNode {
  const { t } = useSpeech();
  const why = useWhy();
  const [form] = Form.useForm<Fields>();
  const [state, setState] = useState<{ done?: boolean; problem?: string }>({});
  const submit = async (fields: Fields): Promise<void> => {
    try {
      await call('PUT', '/session/password', fields);
      form.resetFields();
      setState({ done: true });
    } catch (error) {
      setState({ problem: why(error) });
    }
  };
  return (
    <Form<Fields> form={form} layout="vertical" className="form" requiredMark={false} onFinish={(fields) => void submit(fields)}>
      {state.problem === undefined ? null : <Alert type="error" showIcon role="alert" title={state.problem} style={{ marginBottom: 12 }} />}
      {state.done === true ? <Alert type="success" showIcon role="status" title={t('me.changed')} style={{ marginBottom: 12 }} /> : null}
      <Form.Item name="current" label={t('me.current')} rules={[{ required: true, message: t('me.current') }]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="next" label={t('me.next')} extra={t('setup.passwordHint')} rules={[{ required: true, min: 12, message: t('setup.passwordHint') }]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit">
        {t('common.save')}
      </Button>
    </Form>
  );
}
