import type { ImageDetail } from '@palisade/app-console/routes/images';
import { Alert, Button, Space, Tabs, Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import type { z } from 'zod';
import { useFilters } from '../parts/filters.ts';
import { Found } from '../parts/found.tsx';
import { GapTable } from '../parts/gap-table.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { Facts, Mono, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { ImageFindings } from './image-findings.tsx';
import { Layers } from './image-layers.tsx';
import { ImagePackages } from './image-packages.tsx';
import { VerdictStory, VerdictTag } from './image-verdict.tsx';

export type Detail = z.infer<typeof ImageDetail>;

/** One image: what was looked at, the timeline of its layers, where it runs, its findings and packages. */
export function ImagePage(): ReactNode {
  const { id = '' } = useParams();
  return <Loaded<Detail> path={`/images/${encodeURIComponent(id)}`}>{(image) => <Story image={image} />}</Loaded>;
}

function Story({ image }: { image: Detail }): ReactNode {
  const { t, number } = useSpeech();
  const { get, set } = useFilters();
  const gaps = image.gapList.length;
  return (
    <>
      <PageTitle aside={<Space size="small"><VerdictTag verdict={image.verdict} />{image.status === null ? null : <Sbom id={image.id} />}</Space>}>
        {image.name} {image.kind === 'host' ? <Tag>{t('images.host')}</Tag> : null}
      </PageTitle>
      {image.status !== null && image.feed === null ? <Alert type="warning" showIcon title={t('image.noFeed')} style={{ marginBottom: 12 }} /> : null}
      <Summary image={image} />
      <Part title={t('image.timeline')}>{image.layers.length === 0 ? <p>{image.kind === 'host' ? t('image.noLayers') : t('status.notScanned')}</p> : <Layers image={image} />}</Part>
      <Part title={t('image.containers')}>
        <Runs image={image} />
      </Part>
      <Tabs
        size="small"
        style={{ marginTop: 12 }}
        activeKey={get('tab') === '' ? 'findings' : get('tab')}
        onChange={(tab) => set('tab', tab === 'findings' ? '' : tab)}
        items={[
          { key: 'findings', label: t('image.tabFindings', { count: number(image.findings) }), children: <ImageFindings image={image} /> },
          { key: 'packages', label: t('image.tabPackages', { count: number(image.packages) }), children: <ImagePackages image={image} /> },
          { key: 'gaps', label: t('image.tabGaps', { count: number(gaps) }), children: <GapTable query={{ image: image.id }} empty={image.status === null ? t('status.notScanned') : t('image.noGaps')} /> },
          { key: 'verdict', label: t('image.tabVerdict'), children: <VerdictStory image={image} /> },
        ]}
      />
    </>
  );
}

function Summary({ image }: { image: Detail }): ReactNode {
  const { t, number, bytes, ago } = useSpeech();
  const feed = image.feed === null ? t('images.noFeedShort') : `${image.feed.id} (${ago(image.feed.built)})`;
  const looked = image.lookedAt === null ? '–' : t('image.lookedAt', { files: number(image.lookedAt.files), layers: number(image.lookedAt.layers), bytes: bytes(image.lookedAt.bytes) });
  return (
    <Facts
      items={[
        { label: t('images.findings'), value: <Found counts={image.status === null ? null : image.counts} matched={image.feed !== null} uncovered={image.uncovered} /> },
        { label: t('images.status'), value: <>{image.status === null ? t('status.notScanned') : t(`status.${image.status}`)} · <When at={image.scannedAt} /></> },
        { label: t('image.proof'), value: looked },
        { label: t('image.feed'), value: feed },
        { label: t('image.size'), value: image.layers.length === 0 ? '–' : bytes(image.size) },
        { label: t('image.created'), value: <When at={image.image?.created} /> },
        { label: t('image.platform'), value: image.platform ?? '–' },
        { label: t('image.nodes'), value: image.nodes.length === 0 ? '–' : image.nodes.map((node, at) => <span key={node.id}>{at > 0 ? ', ' : ''}<Link to={`/workloads/nodes/${encodeURIComponent(node.id)}`}>{node.name}</Link></span>) },
        { label: t('image.names'), value: <span className="mono">{image.names.join(', ') || '–'}</span> },
        { label: t('image.id'), value: <Mono text={image.imageId} short={image.imageId.replace(/^sha256:([0-9a-f]{12}).*$/, 'sha256:$1…')} /> },
      ]}
    />
  );
}

function Runs({ image }: { image: Detail }): ReactNode {
  const { t, number } = useSpeech();
  if (image.containers.length === 0) return <p className="quiet">{t('image.noContainers')}</p>;
  return (
    <>
      <ul className="plain">
        {image.containers.slice(0, 8).map((container) => (
          <li key={container.id}>
            <Link to={`/workloads/containers/${encodeURIComponent(container.id)}`}>{container.name}</Link> · <StateMark state={container.state} />
            {container.project === null ? '' : ` · ${container.project}`}
          </li>
        ))}
      </ul>
      {image.containers.length > 8 ? <Link to={`/workloads?image=${encodeURIComponent(image.id)}`}>{`${t('common.all')} (${number(image.containers.length)})`}</Link> : null}
    </>
  );
}

/** Packages, findings and gaps of the image as one file for other tools. */
function Sbom({ id }: { id: string }): ReactNode {
  const { t } = useSpeech();
  const address = `/api/v1/images/${encodeURIComponent(id)}/sbom`;
  return (
    <>
      <Button href={`${address}?format=cyclonedx`} download>{t('image.sbomCycloneDx')}</Button>
      <Button href={`${address}?format=spdx`} download>{t('image.sbomSpdx')}</Button>
    </>
  );
}
