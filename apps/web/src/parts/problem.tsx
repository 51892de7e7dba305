import { Alert, Button } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';
import { useWhy } from './why.ts';

/** What failed, why, and the way to try again. */
export function Problem({ error, onRetry }: { error: unknown; onRetry: () => void }): ReactNode {
  const { t } = useSpeech();
  const why = useWhy();
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t('error.title')}
      description={why(error)}
      action={<Button onClick={onRetry}>{t('common.retry')}</Button>}
    />
  );
}
