import type { RiskRow } from '@palisade/app-console/routes/containers';
import { Table } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Loaded } from '../parts/loaded.tsx';
import { SeverityTag } from '../parts/severity-tag.tsx';
import { PageTitle } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { Wide } from '../parts/wide.tsx';
import { WorkloadTabs } from '../parts/workload-tabs.tsx';

type Row = z.infer<typeof RiskRow>;

/** The ways out that running containers leave open, with how many leave them open. */
export function Risks(): ReactNode {
  const { t, say, number } = useSpeech();
  const to = (row: Row, more = ''): string => `/workloads?risk=${encodeURIComponent(row.rule)}${more}`;
  return (
    <>
      <PageTitle>{t('nav.workloads')}</PageTitle>
      <WorkloadTabs here="/workloads/risks" />
      <Loaded<{ items: Row[] }> path="/workload-risks">
        {({ items }) => (
          <Wide label={t('risks.title')}>
            <Table<Row>
              size="small"
              rowKey="rule"
              pagination={false}
              dataSource={items}
              locale={{ emptyText: t('risks.empty') }}
              columns={[
                { title: t('images.severity'), key: 'severity', width: 110, render: (_, row) => <SeverityTag severity={row.severity} /> },
                { title: t('finding.title'), key: 'title', render: (_, row) => say(row.title) },
                { title: t('risks.rule'), key: 'rule', render: (_, row) => <span className="mono">{row.rule}</span> },
                { title: t('risks.running'), key: 'running', className: 'number', render: (_, row) => <Link to={to(row, '&state=running')}>{number(row.running)}</Link> },
                { title: t('risks.containers'), key: 'containers', className: 'number', render: (_, row) => <Link to={to(row)}>{number(row.containers)}</Link> },
              ]}
            />
          </Wide>
        )}
      </Loaded>
    </>
  );
}
