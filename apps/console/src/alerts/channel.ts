import type { z } from 'zod';
import type { Locale } from '@palisade/model/locale';
import type { Alert } from './alert.ts';

/** One message to be sent: `url` is the page it leads to, `id` stays the same when it is tried again. */
export type Message = { readonly id: string; readonly alert: Alert; readonly url: string; readonly language: Locale };

/** The world a channel speaks to, and when it gives up. */
export type Sending = { readonly now: Date; readonly signal: AbortSignal };

/**
 * A way out: a chat's robot, a mail server, a log. `send` answers what the other side said, throws with its reason when
 * the message was not taken. What `config` holds is shown again; what `secret` holds never is.
 */
export type ChannelKind<Config = unknown, Secret = unknown> = {
  readonly kind: string;
  readonly config: z.ZodType<Config>;
  readonly secret: z.ZodType<Secret>;
  /** Where messages go, without what is secret of it. */
  destination(config: Config, secret: Secret): string;
  send(message: Message, config: Config, secret: Secret, world: Sending): Promise<string>;
};

/** Keeps a member's own types inside it, so that the registry can hold them side by side. */
export function channelKind<Config, Secret>(member: ChannelKind<Config, Secret>): ChannelKind {
  return {
    ...member,
    destination: (config, secret) => member.destination(config as Config, secret as Secret),
    send: (message, config, secret, world) => member.send(message, config as Config, secret as Secret, world),
  };
}
