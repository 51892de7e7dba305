import { Alert, Modal, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';

/** Something secret that is shown this once, to be copied. */
export function Once({ title, text, secret, onClose }: { title: string; text: string; secret: string | undefined; onClose: () => void }): ReactNode {
  const { t } = useSpeech();
  return (
    <Modal open={secret !== undefined} title={title} onCancel={onClose} onOk={onClose} okText={t('common.close')} cancelButtonProps={{ style: { display: 'none' } }} mask={{ closable: false }}>
      <Alert type="warning" title={text} style={{ marginBottom: 12 }} />
      <Typography.Paragraph className="mono" copyable>
        {secret}
      </Typography.Paragraph>
    </Modal>
  );
}
