import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { channelKind } from '../channel.ts';
import { ReceiverUrl, postJson } from '../post.ts';
import { robotAnswer } from '../robot.ts';
import { facts, headline } from '../words.ts';

/** DingTalk signs "timestamp\nkey" (milliseconds) under the key. */
export function dingtalkSignature(key: string, timestamp: string): string {
  return createHmac('sha256', key).update(`${timestamp}\n${key}`).digest('base64');
}

/** Markdown's own characters taken literally; `@` broken, so that no name can call the group. */
function literal(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!|<>~]/g, '\\$&').replaceAll('@', '@\u200b');
}

/** A custom robot of a DingTalk group, signed when the robot has a key. */
export const dingtalk = channelKind({
  kind: 'dingtalk',
  config: z.strictObject({}),
  secret: z.strictObject({ url: ReceiverUrl, key: z.string().min(1).max(200).optional() }),
  destination: (_, { url }) => new URL(url).host,
  async send(message, _, { url, key }, { now, signal }) {
    const address = new URL(url);
    if (key !== undefined) {
      const timestamp = String(now.getTime());
      address.searchParams.set('timestamp', timestamp);
      address.searchParams.set('sign', dingtalkSignature(key, timestamp));
    }
    const title = headline(message);
    const lines = [`### ${literal(title)}`, ...facts(message).map(({ label, value }) => `- **${label}** ${literal(value)}`), `[${message.language === 'zh-CN' ? '查看' : 'Open'}](${message.url})`];
    const { text } = await postJson(address.href, JSON.stringify({ msgtype: 'markdown', markdown: { title, text: lines.join('\n\n') }, at: { isAtAll: false } }), {}, signal);
    return robotAnswer(text);
  },
});
