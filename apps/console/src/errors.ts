import { PalisadeError } from '@palisade/model/error';

/** Every answer of the console that is not 2xx: stable code, HTTP status, whether trying again can help. */
const catalogue = {
  'bad-request': { status: 400, title: 'The request is not well formed', retryable: false },
  'not-signed-in': { status: 401, title: 'Sign in first', retryable: false },
  'wrong-credentials': { status: 401, title: 'Name or password is wrong', retryable: false },
  'certificate-refused': { status: 401, title: 'The client certificate is missing, expired or revoked', retryable: false },
  forbidden: { status: 403, title: 'Your roles do not allow this', retryable: false },
  'csrf-mismatch': { status: 403, title: 'The request lacks the CSRF token of its session', retryable: false },
  'owned-by-git': { status: 403, title: 'This document is owned by git: change it there and apply it', retryable: false },
  'self-approval': { status: 403, title: 'Whoever asks for a waiver cannot approve it', retryable: false },
  'not-found': { status: 404, title: 'There is no such thing, or you may not see it', retryable: false },
  conflict: { status: 409, title: 'It exists already or has changed meanwhile', retryable: false },
  'join-token-refused': { status: 403, title: 'The join token is unknown, used up, expired or revoked', retryable: false },
  'setup-done': { status: 409, title: 'The first administrator exists already', retryable: false },
  'setup-link-refused': { status: 403, title: 'The first-run link is unknown, used or expired', retryable: false },
  'too-large': { status: 413, title: 'The body is larger than allowed', retryable: false },
  'too-many-attempts': { status: 429, title: 'Too many failed attempts: wait before the next', retryable: true },
  'too-many-requests': { status: 429, title: 'Too many requests from this address: wait a minute', retryable: true },
  'invalid-document': { status: 422, title: 'The document does not fit its schema', retryable: false },
  'invalid-bundle': { status: 422, title: 'The file is no feed bundle', retryable: false },
  'bundle-shrank': { status: 422, title: 'The bundle holds far fewer records than the one in use', retryable: false },
  'link-refused': { status: 403, title: 'The link is unknown, used or expired', retryable: false },
  'last-admin': { status: 409, title: 'Someone must stay administrator', retryable: false },
  internal: { status: 500, title: 'The console failed; its log says why', retryable: true },
  stopping: { status: 503, title: 'This replica is about to stop: ask another', retryable: true },
  'database-away': { status: 503, title: 'The database cannot be reached', retryable: true },
} as const;

export type ErrorCode = keyof typeof catalogue;

/** A refusal with its cause in `message`; becomes problem+json at the edge. */
export function refuse(code: ErrorCode, message?: string, detail: Readonly<Record<string, string | number>> = {}): PalisadeError {
  const entry = catalogue[code];
  return new PalisadeError(code, message ?? entry.title, { status: entry.status, retryable: entry.retryable, detail });
}

/** The title of a code, for problem+json; a code from another package keeps its own words. */
export function titleOf(code: string): string | undefined {
  return Object.hasOwn(catalogue, code) ? catalogue[code as ErrorCode].title : undefined;
}
