import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';

/** A container's state with a shape of its own, for readers who don't see colour. */
const shapes: Readonly<Record<string, string>> = { running: '●', paused: '‖', restarting: '↻', created: '○', exited: '■', dead: '✕', unknown: '?' };

export function StateMark({ state }: { state: string }): ReactNode {
  const { t } = useSpeech();
  const known = Object.hasOwn(shapes, state) ? state : 'unknown';
  return (
    <span className="state">
      <span aria-hidden="true">{shapes[known]}</span>
      {t(`state.${known}` as 'state.running')}
    </span>
  );
}
