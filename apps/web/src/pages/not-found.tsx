import { Empty } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useSpeech } from '../parts/text.ts';

export function NotFound(): ReactNode {
  const { t } = useSpeech();
  return (
    <Empty description={<h1 className="page-title">{t('error.notFound')}</h1>}>
      <Link to="/">{t('nav.overview')}</Link>
    </Empty>
  );
}
