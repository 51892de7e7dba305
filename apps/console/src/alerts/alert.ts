import { z } from 'zod';
import { RulePriority } from '@palisade/model/detection';
import { Text } from '@palisade/model/text';

/** What a channel can be told of. */
export const alertSources = ['incident', 'detection', 'waf'] as const;
export type AlertSource = (typeof alertSources)[number];

const Named = z.object({ id: z.string(), name: z.string() });

/**
 * One thing that somebody should hear of, as the signed webhook sends it (with `url` and `test` beside). `subject` is
 * the incident, detection or web event; `path` its page. `folded` tells of alerts beyond the channel's budget.
 */
export const Alert = z.object({
  schema: z.literal('palisade.alert/1'),
  id: z.string(),
  at: z.iso.datetime(),
  source: z.enum([...alertSources, 'digest', 'test']),
  subject: z.string(),
  priority: RulePriority,
  title: Text,
  summary: z.string(),
  cluster: Named.nullable(),
  node: Named.nullable(),
  namespace: z.string().nullable(),
  project: z.string().nullable(),
  container: z.string().nullable(),
  image: z.string().nullable(),
  rules: z.array(z.string()),
  tactics: z.array(z.string()),
  count: z.number(),
  path: z.string(),
  folded: z.object({ since: z.string(), until: z.string(), byPriority: z.record(z.string(), z.number()), top: z.array(z.object({ title: Text, count: z.number() })) }).optional(),
});
export type Alert = z.infer<typeof Alert>;

/** An alert without the parts that most kinds lack. */
export function alertOf(about: Pick<Alert, 'id' | 'at' | 'source' | 'subject' | 'priority' | 'title' | 'path'> & Partial<Alert>): Alert {
  return { schema: 'palisade.alert/1', summary: '', cluster: null, node: null, namespace: null, project: null, container: null, image: null, rules: [], tactics: [], count: 1, ...about };
}
