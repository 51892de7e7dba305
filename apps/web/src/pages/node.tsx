import type { NodeRow } from '@palisade/app-console/routes/nodes';
import { Alert } from 'antd';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import type { z } from 'zod';
import { Counts } from '../parts/counts.tsx';
import { GapTable } from '../parts/gap-table.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Contact, Engines } from '../parts/node-marks.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Facts, Mono, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { containerColumns } from './containers.tsx';

type Row = z.infer<typeof NodeRow>;

/** One machine: whether it is heard, what it is, what runs on it, what is not looked at. */
export function NodePage(): ReactNode {
  const { id = '' } = useParams();
  return <Loaded<Row> path={`/nodes/${encodeURIComponent(id)}`}>{(node) => <Story node={node} />}</Loaded>;
}

function Story({ node }: { node: Row }): ReactNode {
  const speech = useSpeech();
  const { t, number, ago } = speech;
  return (
    <>
      <PageTitle>{node.name}</PageTitle>
      {node.contact === 'silent' && node.seenAt !== null ? <Alert type="warning" showIcon title={t('node.silentNote', { ago: ago(node.seenAt) })} style={{ marginBottom: 12 }} /> : null}
      <Facts
        items={[
          { label: t('node.contact'), value: <><Contact contact={node.contact} /> · <When at={node.seenAt} /></> },
          { label: t('node.version'), value: node.version ?? '–' },
          { label: t('node.cluster'), value: node.clusterName },
          { label: t('node.engines'), value: <Engines engines={node.engines} /> },
          { label: t('node.sensor'), value: node.sensor === null ? t('node.noSensor') : `${node.sensor.state === 'armed' ? (node.sensor.rules === undefined ? t('node.sensorArmed') : t('node.sensorWatching', { rules: number(node.sensor.rules), programs: number(node.sensor.programs ?? 0) })) : t('node.sensorOff')}${node.sensor.reason === undefined ? '' : `: ${node.sensor.reason}`}` },
          { label: t('node.os'), value: node.os ?? '–' },
          { label: t('node.kernel'), value: <span className="mono">{node.kernel ?? '–'} {node.arch ?? ''}</span> },
          { label: t('node.host'), value: node.host === null ? t('node.hostNone') : <Link to={`/images/${encodeURIComponent(node.host.id)}`}><Counts counts={node.host.counts} /></Link> },
          { label: t('node.images'), value: number(node.images) },
          { label: 'ID', value: <Mono text={node.id} /> },
        ]}
      />
      <Part title={t('node.topGaps')} aside={<Link to={`/coverage?node=${encodeURIComponent(node.id)}&state=all`}>{t('coverage.all')}</Link>}>
        <GapTable query={{ node: node.id }} empty={t('overview.blindNothing')} />
      </Part>
      <Part title={t('workloads.containers')} aside={<Link to={`/workloads?node=${encodeURIComponent(node.id)}`}>{t('common.all')}</Link>}>
        <PagedTable path="/containers" query={{ node: node.id }} columns={containerColumns(speech).filter((column) => column.key !== 'node')} label={t('workloads.containers')} empty={t('image.noContainers')} />
      </Part>
    </>
  );
}
