import type { Trial } from '@palisade/app-console/routes/policies';
import { Alert, Table } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { useSpeech } from './text.ts';
import { Wide } from './wide.tsx';

/** What a draft would change among stored images, and why. */
export function TrialResult({ trial }: { trial: z.infer<typeof Trial> }): ReactNode {
  const { t, number, say } = useSpeech();
  return (
    <section aria-label={t('trial.title')}>
      <h2 className="section-title">{t('trial.title')}</h2>
      <p role="status">
        {t('trial.summary', { tried: number(trial.tried), of: number(trial.of), seconds: number(Math.round(trial.took / 100) / 10), count: number(trial.changes.length) })} {trial.tried < trial.of ? t('trial.partial') : ''}
      </p>
      {trial.problems.length === 0 ? null : <Alert type="warning" title={t('trial.problems')} description={trial.problems.map((one) => `${one.name}: ${one.problem}`).join('\n')} style={{ whiteSpace: 'pre-wrap' }} />}
      <Wide label={t('trial.title')}>
        <Table
          size="small"
          rowKey="id"
          pagination={false}
          locale={{ emptyText: t('trial.none') }}
          dataSource={trial.changes}
          columns={[
            { title: t('trial.image'), key: 'name', render: (_, row) => <Link to={`/images/${encodeURIComponent(row.id)}`}>{row.name}</Link> },
            { title: t('trial.before'), key: 'before', render: (_, row) => t(`verdict.${row.before}`) },
            { title: t('trial.after'), key: 'after', render: (_, row) => <b>{t(`verdict.${row.after}`)}</b> },
            {
              title: t('trial.why'),
              key: 'why',
              render: (_, row) =>
                row.reasons.map((reason) => (
                  <div key={`${reason.policy} ${reason.rule} ${reason.because?.en ?? ''}`}>
                    <span className="mono">
                      {reason.policy}/{reason.rule}
                    </span>
                    {reason.because === undefined ? '' : ` ${say(reason.because)}`}
                    {reason.findings.length === 0 ? '' : ` (${t('trial.findings', { count: reason.findings.length })})`}
                  </div>
                )),
            },
          ]}
        />
      </Wide>
    </section>
  );
}
