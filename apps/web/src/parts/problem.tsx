import { Alert, Button } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';

/** What failed, why, and the way to try again. */
export function Problem({ error, onRetry }: { error: unknown; onRetry: () => void }): ReactNode {
  const { t } = useSpeech();
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t('error.title')}
      description={error instanceof Error ? error.message : String(error)}
      action={<Button onClick={onRetry}>{t('common.retry')}</Button>}
    />
  );
}
