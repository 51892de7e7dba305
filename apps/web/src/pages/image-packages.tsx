import type { Package } from '@palisade/model/package';
import type { ReactNode } from 'react';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import { useSpeech } from '../parts/text.ts';
import type { Detail } from './image.tsx';
import { layerOptions } from './image-findings.tsx';

type Row = Package & { id: string };

/** The packages of one image: name, version, where they came in. */
export function ImagePackages({ image }: { image: Detail }): ReactNode {
  const { t } = useSpeech();
  const { get } = useFilters();
  const brought = (diffId: string | undefined): string => image.layers.find((layer) => layer.diffId === diffId)?.instruction ?? '–';
  return (
    <>
      <div className="filters" role="search">
        <Search label={t('image.packageSearch')} />
        <Choice name="layer" label={t('image.anyLayer')} options={layerOptions(image)} width={280} />
      </div>
      <PagedTable<Row>
        path={`/images/${encodeURIComponent(image.id)}/packages`}
        memory="image-packages"
        query={chosen(get, ['q', 'layer'])}
        label={t('images.packages')}
        empty={image.status === null ? t('status.notScanned') : t('common.none')}
        columns={[
          { title: t('vulnerability.package'), key: 'name', render: (_, row) => <span className="mono">{row.name}</span> },
          { title: t('image.version'), key: 'version', render: (_, row) => <span className="mono">{row.version}</span> },
          { title: t('image.ecosystem'), key: 'ecosystem', render: (_, row) => row.ecosystem },
          { title: t('image.layer'), key: 'layer', render: (_, row) => <span className="mono">{brought(row.layer)}</span> },
          { title: t('image.licenses'), key: 'licenses', render: (_, row) => row.licenses?.join(', ') ?? '–' },
          { title: t('image.owner'), key: 'owner', spare: true, render: (_, row) => <span className="mono">{row.ownedBy ?? '–'}</span> },
          { title: t('image.paths'), key: 'paths', spare: true, render: (_, row) => <span className="mono">{row.paths.join(', ')}</span> },
          { title: 'purl', key: 'purl', spare: true, render: (_, row) => <span className="mono">{row.purl}</span> },
        ]}
      />
    </>
  );
}
