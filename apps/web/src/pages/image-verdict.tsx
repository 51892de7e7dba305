import { Table, Tag } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from '../parts/text.ts';
import { Wide } from '../parts/wide.tsx';
import type { Detail } from './image.tsx';

const colours = { none: 'default', allow: 'success', warn: 'warning', deny: 'error' } as const;

/** What the gate policies say of an image, in one word. */
export function VerdictTag({ verdict }: { verdict: Detail['verdict'] }): ReactNode {
  const { t } = useSpeech();
  return <Tag color={colours[verdict]}>{t(`verdict.${verdict}`)}</Tag>;
}

/** Which policy and rule decided, and why. */
export function VerdictStory({ image }: { image: Detail }): ReactNode {
  const { t, say, number } = useSpeech();
  const verdict = image.verdictDetail;
  if (verdict === null || verdict.result === 'none') return <p>{t('image.noVerdict')}</p>;
  return (
    <>
      <p>
        <VerdictTag verdict={verdict.result} /> {verdict.waived.length === 0 ? null : t('image.waivedCount', { count: number(verdict.waived.length) })}
      </p>
      <Wide label={t('image.tabVerdict')}>
        <Table
          size="small"
          rowKey={(reason) => `${reason.policy} ${reason.rule}`}
          pagination={false}
          locale={{ emptyText: t('common.none') }}
          dataSource={verdict.reasons}
          columns={[
            { title: t('image.verdictPolicy'), dataIndex: 'policy' },
            { title: t('image.verdictRule'), dataIndex: 'rule' },
            { title: t('images.verdict'), key: 'result', render: (_, reason) => (reason.result === undefined ? '–' : <VerdictTag verdict={reason.result} />) },
            { title: t('gap.reason'), key: 'because', render: (_, reason) => (reason.because === undefined ? '–' : say(reason.because)) },
            { title: t('image.verdictFindings'), key: 'findings', className: 'number', render: (_, reason) => number(reason.findings.length) },
          ]}
        />
      </Wide>
    </>
  );
}
