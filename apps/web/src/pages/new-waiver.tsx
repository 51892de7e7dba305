import type { Preview } from '@palisade/app-console/routes/waivers';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, Select, Table, Typography } from 'antd';
import type { ReactNode } from 'react';
import { Fragment, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import type { z } from 'zod';
import { call } from '../api.ts';
import { SeverityTag } from '../parts/severity-tag.tsx';
import type { Severity } from '@palisade/model/severity';
import type { StoredDocument } from '../parts/documents.tsx';
import { useSpeech } from '../parts/text.ts';
import { useWhy } from '../parts/why.ts';
import { Wide } from '../parts/wide.tsx';

const targets = ['vulnerability', 'misconfiguration', 'secret', 'malware', 'runtimeRule'] as const;
/** What a waiver of each kind may match. */
const findingKeys = ['package', 'path'] as const;
const runtimeKeys = ['process', 'parent', 'command', 'file', 'peer'] as const;
type Fields = { name: string; target: (typeof targets)[number]; rule?: string; package?: string; path?: string; process?: string; parent?: string; command?: string; file?: string; peer?: string; workload?: string; image?: string; project?: string; namespace?: string; cluster?: string; scope?: string; reason: string; ticket?: string; end: 'date' | 'fix' | 'never'; date?: string };

/**
 * Asks for a waiver. What it is about may stand in the address (`target`, `rule`, `package`, `path`, `image`, `project`),
 * so that a finding's page can lead here.
 */
export function NewWaiver(): ReactNode {
  const { t } = useSpeech();
  const [given] = useSearchParams();
  const client = useQueryClient();
  const why = useWhy();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const [fields, setFields] = useState<Fields>(() => initial(given));
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (values: Fields): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const made = await call<StoredDocument>('POST', '/documents', { text: documentOf(values), version: 0 });
      await client.invalidateQueries({ queryKey: ['/waivers'] });
      void message.success(t('waiver.submitted'));
      await navigate(`/waivers/${made.id}`);
    } catch (error) {
      setProblem(why(error));
    } finally {
      setBusy(false);
    }
  };
  const field = (name: keyof Fields & ('rule' | 'package' | 'path' | 'process' | 'parent' | 'command' | 'file' | 'peer' | 'workload' | 'image' | 'project' | 'namespace' | 'cluster' | 'scope' | 'ticket'), hint?: string): ReactNode => (
    <Form.Item name={name} label={t(`waiver.field.${name}`)} extra={hint}>
      <Input className={name === 'ticket' ? undefined : 'mono'} autoComplete="off" />
    </Form.Item>
  );
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {t('waiver.new')}
      </Typography.Title>
      <p className="intro">{t('waivers.intro')}</p>
      <Form<Fields> form={form} className="form grid" layout="vertical" initialValues={fields} onValuesChange={(_, all) => setFields(all)} onFinish={(values) => void submit(values)} requiredMark={false}>
        <Form.Item name="target" label={t('waiver.field.target')}>
          <Select aria-label={t('waiver.field.target')} options={targets.map((target) => ({ value: target, label: t(`target.${target}`) }))} />
        </Form.Item>
        {field('rule', t('waiver.field.ruleHint'))}
        {fields.target === 'runtimeRule' ? runtimeKeys.map((key) => <Fragment key={key}>{field(key)}</Fragment>) : <>{field('package', t('waiver.field.packageHint'))}{field('path')}</>}
        {field('image', t('waiver.field.imageHint'))}
        {field('project')}
        {field('namespace')}
        {fields.target === 'runtimeRule' ? field('workload') : null}
        {field('cluster')}
        {field('scope', t('waiver.field.scopeHint'))}
        <Form.Item name="name" label={t('waiver.field.name')} extra={t('waiver.field.nameHint')} rules={[{ required: true, pattern: /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, message: t('waiver.field.nameHint') }]}>
          <Input className="mono" autoComplete="off" />
        </Form.Item>
        <Form.Item className="whole" name="reason" label={t('waiver.field.reason')} rules={[{ required: true, whitespace: true, message: t('waiver.field.reason') }]}>
          <Input.TextArea rows={2} />
        </Form.Item>
        {field('ticket')}
        <Form.Item name="end" label={t('waiver.field.end')}>
          <Select aria-label={t('waiver.field.end')} options={(fields.target === 'runtimeRule' ? (['date'] as const) : (['date', 'fix', 'never'] as const)).map((end) => ({ value: end, label: t(`waiver.end.${end}`) }))} />
        </Form.Item>
        {fields.end === 'date' ? (
          <Form.Item name="date" label={t('waiver.field.date')} rules={[{ required: true, pattern: /^\d{4}-\d\d-\d\d$/, message: t('waiver.field.date') }]}>
            <Input type="date" />
          </Form.Item>
        ) : null}
        <Matches fields={fields} />
        {problem === undefined ? null : <Alert type="error" showIcon role="alert" className="whole" title={<span style={{ whiteSpace: 'pre-wrap' }}>{problem}</span>} style={{ marginBottom: 12 }} />}
        <Button className="whole" style={{ justifySelf: 'start' }} type="primary" htmlType="submit" loading={busy}>
          {t('waiver.submit')}
        </Button>
      </Form>
    </>
  );
}

/** What the form as it stands would set aside now. */
function Matches({ fields }: { fields: Fields }): ReactNode {
  const { t, number } = useSpeech();
  const text = documentOf({ ...fields, name: 'preview', reason: 'preview', end: fields.target === 'runtimeRule' ? 'date' : 'never' });
  const named = [fields.rule, fields.package, fields.path, fields.process].some((value) => (value ?? '') !== '');
  const preview = useQuery({ queryKey: ['/waivers/preview', text], queryFn: ({ signal }) => call<z.infer<typeof Preview>>('POST', '/waivers/preview', { text }, signal), enabled: named, staleTime: 30_000 });
  if (!named) return null;
  const found = preview.data;
  return (
    <section className="whole" aria-label={t('waiver.preview')} style={{ marginBottom: 12 }}>
      <h2 className="section-title">{t('waiver.preview')}</h2>
      {preview.isError ? <Alert type="warning" title={preview.error.message} /> : null}
      {found === undefined ? null : (
        <>
          <p role="status">{found.findings === 0 ? t('waiver.previewNone') : t(found.exact ? 'waiver.previewCount' : 'waiver.previewAtLeast', { findings: number(found.findings), images: number(found.images) })}</p>
          {found.samples.length === 0 ? null : (
            <Wide label={t('waiver.preview')}>
              <Table
                size="small"
                rowKey={(row) => `${row.image} ${row.finding}`}
                pagination={false}
                dataSource={found.samples.slice(0, 10)}
                columns={[
                  { title: t('waiver.image'), dataIndex: 'imageName' },
                  { title: t('images.severity'), key: 'severity', render: (_, row) => <SeverityTag severity={row.severity as Severity} /> },
                  { title: t('finding.rule'), key: 'rule', render: (_, row) => <span className="mono">{row.rule}</span> },
                  { title: t('finding.where'), key: 'package', render: (_, row) => <span className="mono">{row.package ?? ''}</span> },
                ]}
              />
            </Wide>
          )}
        </>
      )}
    </section>
  );
}

function initial(given: URLSearchParams): Fields {
  const value = (name: string): string => given.get(name) ?? '';
  const target = targets.find((one) => one === value('target')) ?? 'vulnerability';
  const name = [value('rule'), value('package').replace(/^.*\//, '').replace(/@.*$/, '')].filter((part) => part !== '').join('-').toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '').slice(0, 200);
  const date = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
  return { name: value('name') === '' ? name : value('name'), target, process: value('process'), parent: value('parent'), command: value('command'), file: value('file'), peer: value('peer'), workload: value('workload'), rule: value('rule'), package: value('package'), path: value('path'), image: value('image'), project: value('project'), namespace: value('namespace'), cluster: value('cluster'), scope: value('scope'), reason: '', ticket: '', end: 'date', date: value('date') === '' ? date : value('date') };
}

/** The document form of the fields, as JSON (which is YAML too). */
function documentOf(fields: Fields): string {
  const filled = (values: Record<string, string | undefined>): Record<string, string> => Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined || value.trim() === '' ? [] : [[key, value.trim()]])));
  const until = fields.end === 'never' ? {} : { until: fields.end === 'fix' ? { fixAvailable: true } : { date: fields.date } };
  return JSON.stringify({
    apiVersion: 'palisade/v1',
    kind: 'Waiver',
    metadata: { name: fields.name, scope: filled({ project: fields.scope }), owner: 'console' },
    spec: {
      target: fields.target,
      match: filled({ rule: fields.rule, ...Object.fromEntries((fields.target === 'runtimeRule' ? runtimeKeys : findingKeys).map((key) => [key, fields[key]])) }),
      where: filled({ image: fields.image, project: fields.project, namespace: fields.namespace, cluster: fields.cluster, ...(fields.target === 'runtimeRule' ? { workload: fields.workload } : {}) }),
      reason: fields.reason,
      ...filled({ ticket: fields.ticket }),
      ...until,
    },
  });
}
