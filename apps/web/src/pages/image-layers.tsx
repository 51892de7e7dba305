import type { ReactNode } from 'react';
import { Counts } from '../parts/counts.tsx';
import { useFilters } from '../parts/filters.ts';
import { useSpeech } from '../parts/text.ts';
import type { Detail } from './image.tsx';

/** The layers from base to top: instruction, size, what came in, what risk; the base's part set off. */
export function Layers({ image }: { image: Detail }): ReactNode {
  const { t, number, bytes } = useSpeech();
  const { set } = useFilters();
  const sum = (base: boolean): { layers: string; bytes: string; findings: string } => {
    const part = image.layers.filter((layer) => layer.base === base);
    return { layers: number(part.length), bytes: bytes(part.reduce((total, layer) => total + layer.size, 0)), findings: number(part.reduce((total, layer) => total + layer.findings, 0)) };
  };
  return (
    <>
      <p>
        {image.layers.some((layer) => layer.base) ? t('image.basePart', sum(true)) : null} {t('image.ownPart', sum(false))}
      </p>
      <ol className="layers">
        {image.layers.map((layer) => (
          <li key={layer.diffId} className={layer.base ? 'layer base' : 'layer'}>
            <span className="mono">{layer.instruction === '' ? layer.diffId : layer.instruction}</span>
            <span className="size">{bytes(layer.size)}</span>
            <span className="came">
              {layer.base ? `${t('image.base')} · ` : ''}
              {layer.packages === 0 ? t('image.nothingBrought') : t('image.brought', { packages: number(layer.packages) })}
            </span>
            <span className="size">
              {layer.findings === 0 ? (
                <span className="came">{t('image.noRisk')}</span>
              ) : (
                <button type="button" className="link" title={t('image.onlyLayer')} onClick={() => set('layer', layer.diffId)}>
                  <Counts counts={layer.counts} />
                </button>
              )}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
