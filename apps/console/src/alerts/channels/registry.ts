import type { ChannelKind } from '../channel.ts';
import { dingtalk } from './dingtalk.ts';
import { email } from './email.ts';
import { feishu } from './feishu.ts';
import { slack } from './slack.ts';
import { syslog } from './syslog.ts';
import { webhook } from './webhook.ts';

/** Every way out. */
export const channelKinds: ReadonlyMap<string, ChannelKind> = new Map([webhook, feishu, dingtalk, slack, email, syslog].map((member) => [member.kind, member]));
