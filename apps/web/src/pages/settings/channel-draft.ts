import type { ChannelView } from '@palisade/app-console/routes/alerts';
import type { z } from 'zod';

export type Channel = z.infer<typeof ChannelView>;
export type Source = Channel['sources'][number];

/** A channel as it is being edited: values of fields as text, `id` and `version` where it exists already. */
export type Draft = Pick<Channel, 'name' | 'kind' | 'enabled' | 'language' | 'sources' | 'minPriority' | 'scope' | 'hourly'> & { readonly id?: string; readonly version?: number; readonly known: readonly string[]; readonly config: Record<string, unknown>; readonly secret: Record<string, string> };

/** One thing a kind of channel is told. `secret`: written, never read back. */
export type Field = { readonly name: string; readonly type: 'text' | 'number' | 'list' | 'choice' | 'area'; readonly secret?: true; readonly optional?: true; readonly options?: readonly string[]; readonly example?: string };

export const kinds = ['webhook', 'feishu', 'dingtalk', 'slack', 'email', 'syslog'] as const;
export type Kind = (typeof kinds)[number];

const robot: readonly Field[] = [{ name: 'url', type: 'text', secret: true }, { name: 'key', type: 'text', secret: true, optional: true }];

export const fieldsOf: Readonly<Record<Kind, readonly Field[]>> = {
  webhook: [{ name: 'url', type: 'text', example: 'https://siem.example/palisade' }, { name: 'key', type: 'text', secret: true }],
  feishu: robot,
  dingtalk: robot,
  slack: [{ name: 'url', type: 'text', secret: true }],
  email: [
    { name: 'host', type: 'text', example: 'smtp.example' }, { name: 'port', type: 'number' }, { name: 'security', type: 'choice', options: ['tls', 'starttls', 'none'] }, { name: 'user', type: 'text', optional: true }, { name: 'password', type: 'text', secret: true, optional: true },
    { name: 'from', type: 'text', example: 'palisade@example.com' }, { name: 'to', type: 'list' },
  ],
  syslog: [{ name: 'transport', type: 'choice', options: ['udp', 'tcp', 'tls'] }, { name: 'host', type: 'text', example: 'log.example' }, { name: 'port', type: 'number' }, { name: 'facility', type: 'number' }, { name: 'ca', type: 'area', optional: true }],
};

const starts: Readonly<Record<Kind, Record<string, unknown>>> = { webhook: {}, feishu: {}, dingtalk: {}, slack: {}, email: { port: 587, security: 'starttls', to: [] }, syslog: { transport: 'udp', port: 514, facility: 10 } };

/** An empty channel of a kind, with what most people choose. */
export function newDraft(kind: Kind, language: Channel['language']): Draft {
  return { name: '', kind, enabled: true, language, sources: ['incident', 'waf'], minPriority: 'Warning', scope: {}, hourly: 60, known: [], config: starts[kind], secret: {} };
}

/** An existing channel, to be changed; its secret values stay where they are unless they are written anew. */
export function draftOf({ id, version, name, kind, enabled, language, sources, minPriority, scope, hourly, secrets, config }: Channel): Draft {
  return { id, version, name, kind, enabled, language, sources, minPriority, scope, hourly, known: secrets, config, secret: {} };
}

/** What the console is sent: empty fields are left out. */
export function bodyOf({ id: _id, known: _known, config, ...rest }: Draft): object {
  return { ...rest, config: Object.fromEntries(Object.entries(config).filter(([, value]) => value !== '' && value !== null)) };
}
