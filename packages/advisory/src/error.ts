import { PalisadeError } from '@palisade/model/error';

/** A feed or bundle that cannot be used. `file` and `line` say where, the message says why. */
export function feedError(code: 'feed-unsupported' | 'feed-malformed' | 'feed-limit' | 'bundle-unreadable' | 'bundle-shrunk' | 'bundle-corrupt' | 'feed-fetch', message: string, detail: Readonly<Record<string, string | number>> = {}, cause?: unknown): PalisadeError {
  return new PalisadeError(code, message, { status: 422, retryable: code === 'feed-fetch', detail, cause });
}
