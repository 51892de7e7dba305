import type { Migration } from '../postgres/migrate.ts';
import { text as people } from './0001-people.ts';
import { text as gateway } from './0002-gateway.ts';
import { text as images } from './0003-images.ts';
import { text as assets } from './0004-assets.ts';
import { text as documents } from './0005-documents.ts';
import { text as runtime } from './0006-runtime.ts';
import { text as assetsRisks } from './0007-assets-risks.ts';
import { text as judging } from './0008-judging.ts';
import { text as findRules } from './0009-find-rules.ts';
import { text as hostImages } from './0010-host-images.ts';
import { text as detections } from './0011-detections.ts';
import { text as responses } from './0012-responses.ts';
import { text as summariesDue } from './0013-summaries-due.ts';
import { text as joinTokensWaivers } from './0014-join-tokens-waivers.ts';
import { text as alerts } from './0015-alerts.ts';
import { text as search } from './0016-search.ts';

/** Every step, in order; only ever appended to. */
export const migrations: readonly Migration[] = [
  { name: '0001-people', text: people },
  { name: '0002-gateway', text: gateway },
  { name: '0003-images', text: images },
  { name: '0004-assets', text: assets },
  { name: '0005-documents', text: documents },
  { name: '0006-runtime', text: runtime },
  { name: '0007-assets-risks', text: assetsRisks },
  { name: '0008-judging', text: judging },
  { name: '0009-find-rules', text: findRules },
  { name: '0010-host-images', text: hostImages },
  { name: '0011-detections', text: detections },
  { name: '0012-responses', text: responses },
  { name: '0013-summaries-due', text: summariesDue },
  { name: '0014-join-tokens-waivers', text: joinTokensWaivers },
  { name: '0015-alerts', text: alerts },
  { name: '0016-search', text: search },
];
