import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useSpeech } from './text.ts';

/** The mark of a finding that a waiver covers, leading to the waiver. */
export function Waived({ by }: { by: { id: string; name: string } | null }): ReactNode {
  const { t } = useSpeech();
  if (by === null) return null;
  return (
    <Link to={`/waivers/${by.id}`} title={by.name}>
      <Tag>{t('vulnerability.waived')}</Tag>
    </Link>
  );
}
