import type { WafEvent } from '@palisade/model/waf-event';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';

/** What became of the request. A mark beside the colour, for readers who don't see it. */
export function WafAction({ action }: { action: WafEvent['action'] }): ReactNode {
  const { t } = useSpeech();
  const mark = action === 'blocked' ? '■' : action === 'logged' ? '▲' : '○';
  return <Tag>{`${mark} ${t(`waf.action.${action}`)}`}</Tag>;
}
