import { z } from 'zod';
import { channelKind } from '../channel.ts';
import { ReceiverUrl, oneLine, postJson } from '../post.ts';
import { facts, headline } from '../words.ts';

/** Slack's three characters; with them escaped no text can mention anyone or make a link of its own. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** An incoming webhook of Slack; its address is the secret. */
export const slack = channelKind({
  kind: 'slack',
  config: z.strictObject({}),
  secret: z.strictObject({ url: ReceiverUrl }),
  destination: (_, { url }) => new URL(url).host,
  async send(message, _, { url }, { signal }) {
    const title = escaped(headline(message));
    const lines = facts(message).map(({ label, value }) => `*${escaped(label)}*  ${escaped(value)}`);
    const blocks = [
      { type: 'section', text: { type: 'mrkdwn', text: `*${title}*\n${lines.join('\n')}`.slice(0, 2900) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: `<${message.url}>` }] },
    ];
    const { text } = await postJson(url, JSON.stringify({ text: title, blocks }), {}, signal);
    return oneLine(text, 200);
  },
});
