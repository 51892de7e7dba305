import type { DocumentRow, Version } from '@palisade/app-console/routes/documents';
import { useQuery } from '@tanstack/react-query';
import { Collapse, Tag } from 'antd';
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { get } from '../api.ts';
import type { TextKey } from '../i18n/en.ts';
import { Problem } from './problem.tsx';
import { useSpeech } from './text.ts';

export type StoredDocument = z.infer<typeof DocumentRow>;
type VersionRow = z.infer<typeof Version>;

/** Where a document holds, in words. */
export function Place({ at }: { at: Pick<StoredDocument, 'cluster' | 'namespace' | 'project' | 'document'> }): ReactNode {
  const { t } = useSpeech();
  const scope = at.document.metadata['scope'] as { cluster?: string; namespace?: string; project?: string } | undefined;
  const parts = [
    ...(scope?.cluster === undefined ? [] : [t('scope.cluster', { name: scope.cluster })]),
    ...(at.namespace === '' ? [] : [t('scope.namespace', { name: at.namespace })]),
    ...(at.project === '' ? [] : [t('scope.project', { name: at.project })]),
  ];
  return parts.length === 0 ? t('policies.everywhere') : parts.join(t('common.separator'));
}

/** A state of its own colour-blind-safe word; colour is kept for severities. */
export function StateTag({ state }: { state: StoredDocument['state'] }): ReactNode {
  const { t } = useSpeech();
  return <Tag>{t(`state.${state}`)}</Tag>;
}

/** Every version of a document, newest first, each with what it changed. */
export function History({ id }: { id: string }): ReactNode {
  const { t, ago, exact } = useSpeech();
  const history = useQuery({ queryKey: ['/documents/history', id], queryFn: ({ signal }) => get<{ items: VersionRow[] }>(`/documents/${encodeURIComponent(id)}/history`, {}, signal) });
  if (history.data === undefined) return history.isError ? <Problem error={history.error} onRetry={() => void history.refetch()} /> : null;
  return (
    <Collapse
      size="small"
      items={history.data.items.map((version) => ({
        key: version.version,
        label: (
          <span title={exact(version.changedAt)}>
            {t('policy.version', { version: version.version })} · {t(`action.${version.action}` as TextKey)} · {ago(version.changedAt)} · {version.changedBy}
            {version.note === null ? '' : ` · ${version.note}`}
          </span>
        ),
        children: <Diff text={version.diff} first={version.version === 1} />,
      }))}
    />
  );
}

/** A unified diff; added and removed lines differ by their sign as well as by their ground. */
function Diff({ text, first }: { text: string; first: boolean }): ReactNode {
  const { t } = useSpeech();
  if (text === '') return <span>{t('policy.noChange')}</span>;
  const lines = text.split('\n').filter((line) => !line.startsWith('@@') && !line.startsWith('\\'));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <pre className="diff" tabIndex={0} aria-label={first ? t('policy.firstVersion') : t('policy.history')}>
      {lines.map((line, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- lines of one fixed text
        <span key={index} className={line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : undefined}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
