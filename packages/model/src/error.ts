/**
 * The form of every package's error catalogue: a stable code, the HTTP status it maps to, and whether trying
 * again can help. `detail` carries file, line and cause for the reader; never a secret.
 */
export class PalisadeError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly detail: Readonly<Record<string, string | number>>;

  constructor(
    code: string,
    message: string,
    options: { status?: number; retryable?: boolean; detail?: Readonly<Record<string, string | number>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PalisadeError';
    this.code = code;
    this.status = options.status ?? 400;
    this.retryable = options.retryable ?? false;
    this.detail = options.detail ?? {};
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
