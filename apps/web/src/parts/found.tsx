import type { Severity } from '@palisade/model/severity';
import type { ReactNode } from 'react';
import { Counts } from './counts.tsx';
import { useSpeech } from './text.ts';

/**
 * What was found in an image. "None" is only said where everything could be answered; else what is not known stands
 * beside the counts. `counts` null: not scanned yet; `uncovered`: packages that no feed covers.
 */
export function Found({ counts, matched, uncovered }: { counts: Readonly<Record<Severity, number>> | null; matched: boolean; uncovered: number }): ReactNode {
  const { t, number } = useSpeech();
  if (counts === null) return t('status.notScanned');
  const unknown = !matched ? t('images.noFeedShort') : uncovered > 0 ? t('images.noFeedFor', { count: number(uncovered) }) : undefined;
  const any = Object.values(counts).some((count) => count > 0);
  if (unknown === undefined) return <Counts counts={counts} />;
  return (
    <>
      {any ? <Counts counts={counts} /> : null} {unknown}
    </>
  );
}
