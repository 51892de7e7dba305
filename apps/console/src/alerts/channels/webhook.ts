import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { channelKind } from '../channel.ts';
import { ReceiverUrl, oneLine, postJson } from '../post.ts';

/** `sha256` of the timestamp (seconds), a dot and the body, in hex: what a receiver compares. */
export function signatureOf(key: string, timestamp: string, body: string): string {
  return createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex');
}

/** A program of one's own: the whole alert as JSON, signed, so that nobody else can tell it anything. */
export const webhook = channelKind({
  kind: 'webhook',
  config: z.strictObject({ url: ReceiverUrl }),
  secret: z.strictObject({ key: z.string().min(16).max(200) }),
  destination: ({ url }) => url,
  async send(message, { url }, { key }, { now, signal }) {
    const body = JSON.stringify({ ...message.alert, url: message.url });
    const timestamp = String(Math.floor(now.getTime() / 1000));
    const { status, text } = await postJson(url, body, { 'palisade-delivery': message.id, 'palisade-timestamp': timestamp, 'palisade-signature': `v1=${signatureOf(key, timestamp, body)}` }, signal);
    return oneLine(`${status} ${text}`, 200);
  },
});
