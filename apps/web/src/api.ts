/** An answer of the console that is not 2xx, in the console's own words (problem+json). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let csrf = '';

/** The token that unsafe requests must carry; given by the console at login and with every session answer. */
export function rememberCsrf(token: string): void {
  csrf = token;
}

/** Calls the console: JSON in, JSON out; throws ApiError with the console's reason, or the browser's when it is unreachable. */
export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-csrf-token'] = csrf;
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal !== undefined) init.signal = signal;
  const response = await fetch(`/api/v1${path}`, init);
  const text = await response.text();
  const value: unknown = text === '' ? undefined : JSON.parse(text);
  if (!response.ok) {
    const problem = (value ?? {}) as { code?: string; title?: string; detail?: string };
    throw new ApiError(response.status, problem.code ?? String(response.status), problem.detail ?? problem.title ?? response.statusText);
  }
  return value as T;
}

/** A GET with query parameters; empty ones are left out. */
export function get<T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}, signal?: AbortSignal): Promise<T> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') parameters.set(name, String(value));
  const search = parameters.toString();
  return call<T>('GET', search === '' ? path : `${path}?${search}`, undefined, signal);
}
