import type { Severity } from '@palisade/model/severity';
import type { ReactNode } from 'react';
import { severityMark } from '../theme.ts';
import { useDark } from './appearance.ts';
import { useSpeech } from './text.ts';

/** A severity in its colour, with its letter for readers who don't see the colour; with a count where given. */
export function SeverityTag({ severity, count }: { severity: Severity; count?: number }): ReactNode {
  const { t, number } = useSpeech();
  const dark = useDark();
  const mark = severityMark[severity];
  const color = dark ? mark.dark : mark.light;
  return (
    <span className="severity" style={{ color, borderColor: color }} title={t(`severity.${severity}`)}>
      <b aria-hidden="true">{mark.letter}</b> {count === undefined ? t(`severity.${severity}`) : number(count)}
      {count === undefined ? null : <span className="only-read"> {t(`severity.${severity}`)}</span>}
    </span>
  );
}
