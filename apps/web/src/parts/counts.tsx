import type { Severity } from '@palisade/model/severity';
import { severities } from '@palisade/model/severity';
import type { ReactNode } from 'react';
import { SeverityTag } from './severity-tag.tsx';
import { useSpeech } from './text.ts';

/** Findings by severity, worst first; none of any says so in words. */
export function Counts({ counts }: { counts: Readonly<Record<Severity, number>> }): ReactNode {
  const { t } = useSpeech();
  const present = severities.filter((severity) => counts[severity] > 0);
  if (present.length === 0) return <span>{t('common.none')}</span>;
  return (
    <span className="counts">
      {present.map((severity) => (
        <SeverityTag key={severity} severity={severity} count={counts[severity]} />
      ))}
    </span>
  );
}
