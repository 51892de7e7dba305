import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { channelKind } from '../channel.ts';
import { ReceiverUrl, postJson } from '../post.ts';
import { robotAnswer } from '../robot.ts';
import { facts, headline } from '../words.ts';

const colours = { Emergency: 'red', Alert: 'red', Critical: 'red', Error: 'orange', Warning: 'orange', Notice: 'blue', Informational: 'grey', Debug: 'grey' } as const;

/** Feishu signs the empty text under "timestamp\nkey". */
export function feishuSignature(key: string, timestamp: string): string {
  return createHmac('sha256', `${timestamp}\n${key}`).update('').digest('base64');
}

/** A custom robot of a Feishu group, as a card of plain texts: what an attacker named cannot mention anyone. */
export const feishu = channelKind({
  kind: 'feishu',
  config: z.strictObject({}),
  secret: z.strictObject({ url: ReceiverUrl, key: z.string().min(1).max(200).optional() }),
  destination: (_, { url }) => new URL(url).host,
  async send(message, _, { url, key }, { now, signal }) {
    const timestamp = String(Math.floor(now.getTime() / 1000));
    const plain = (content: string) => ({ tag: 'plain_text', content });
    const card = {
      config: { wide_screen_mode: true },
      header: { title: plain(headline(message)), template: colours[message.alert.priority] },
      elements: [
        ...facts(message).map(({ label, value }) => ({ tag: 'div', text: plain(`${label}  ${value}`) })),
        { tag: 'action', actions: [{ tag: 'button', text: plain(message.language === 'zh-CN' ? '查看' : 'Open'), type: 'primary', url: message.url }] },
      ],
    };
    const { text } = await postJson(url, JSON.stringify({ ...(key === undefined ? {} : { timestamp, sign: feishuSignature(key, timestamp) }), msg_type: 'interactive', card }), {}, signal);
    return robotAnswer(text);
  },
});
