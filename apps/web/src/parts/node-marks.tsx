import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';

const marks = { online: '●', silent: '◌', never: '○', revoked: '✕' } as const;

/** Whether a node's agent is heard, with a shape for readers who don't see colour. */
export function Contact({ contact }: { contact: keyof typeof marks }): ReactNode {
  const { t } = useSpeech();
  return (
    <span className="state">
      <span aria-hidden="true">{marks[contact]}</span>
      {t(`contact.${contact}`)}
    </span>
  );
}

/** The engines found on a node and whether they are looked into. */
export function Engines({ engines }: { engines: readonly { kind: string; version: string; state: string; socket: string }[] }): ReactNode {
  const { t } = useSpeech();
  if (engines.length === 0) return <span>{t('node.noEngine')}</span>;
  return (
    <ul className="plain">
      {engines.map((engine) => (
        <li key={`${engine.kind} ${engine.socket}`} title={engine.socket}>
          {engine.kind} {engine.version} ({t(`engine.${engine.state}` as 'engine.connected')})
        </li>
      ))}
    </ul>
  );
}
