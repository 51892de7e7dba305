import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { channelKind } from '../channel.ts';
import { oneLine } from '../post.ts';
import { headline, plainLines } from '../words.ts';

export const HostName = z.string().min(1).max(253).regex(/^[A-Za-z0-9._:-]+$/, 'a host name or address');
const Address = z.email().max(320);

/** A mail server. Certificates are checked; `none` sends in the clear, for a relay on the same machine. */
export const email = channelKind({
  kind: 'email',
  config: z.strictObject({ host: HostName, port: z.number().int().min(1).max(65_535), security: z.enum(['tls', 'starttls', 'none']), user: z.string().max(320).optional(), from: Address, to: z.array(Address).min(1).max(50) }),
  secret: z.strictObject({ password: z.string().max(1000).optional() }),
  destination: ({ host, port, to }) => `${to.join(', ')} (${host}:${port})`,
  async send(message, { host, port, security, user, from, to }, { password }, { signal }) {
    const transport = createTransport({
      host, port, secure: security === 'tls', requireTLS: security === 'starttls', ignoreTLS: security === 'none',
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, disableFileAccess: true, disableUrlAccess: true,
    });
    const close = (): void => transport.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      const sent = await transport.sendMail({ from, to, subject: headline(message), text: `${plainLines(message).join('\r\n')}\r\n`, headers: { 'x-palisade-delivery': message.id, 'auto-submitted': 'auto-generated' } });
      if (sent.rejected.length > 0) throw new Error(`not taken for ${sent.rejected.map(String).join(', ')}`);
      return oneLine(sent.response, 200);
    } finally {
      signal.removeEventListener('abort', close);
      transport.close();
    }
  },
});
