import type { ReactNode } from 'react';
import type { TextKey } from '../i18n/en.ts';
import { gapKinds } from '../i18n/en/gap-kinds.ts';
import { useSpeech } from './text.ts';

/** Keys of the name and the explanation of a kind of gap; undefined for a kind of a newer agent. */
export function gapTexts(kind: string): { name: TextKey; what: TextKey } | undefined {
  return Object.hasOwn(gapKinds, `gapName.${kind}`) ? { name: `gapName.${kind}` as TextKey, what: `gapWhat.${kind}` as TextKey } : undefined;
}

/** A kind of gap: its name and, small beside it, the stable word that tools see; a kind without a name is shown as it came. */
export function GapKind({ kind }: { kind: string }): ReactNode {
  const { t } = useSpeech();
  const texts = gapTexts(kind);
  if (texts === undefined) return <span className="mono">{kind}</span>;
  return (
    <>
      <span title={t(texts.what)}>{t(texts.name)}</span> <span className="mono quiet">{kind}</span>
    </>
  );
}
