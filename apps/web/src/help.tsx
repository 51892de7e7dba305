import { Modal } from 'antd';
import type { ReactNode } from 'react';
import { pages } from './pages.ts';
import { useSpeech } from './parts/text.ts';

/** The keys there are, with where they lead. */
export function Help({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  const { t } = useSpeech();
  const rows = [
    { keys: ['/'], text: t('help.search') },
    { keys: ['?'], text: t('help.help') },
    ...pages.flatMap((page) => (page.key === undefined || page.menu === undefined ? [] : [{ keys: ['g', page.key], text: t('help.go', { page: t(page.menu) }) }])),
  ];
  return (
    <Modal open={open} onCancel={onClose} footer={null} title={t('help.title')}>
      <dl className="keys">
        {rows.map(({ keys, text }) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
