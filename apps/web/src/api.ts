/** An answer of the console that is not 2xx, in the console's own words (problem+json). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  /** Details by name, as the console gives them. */
  readonly about: Readonly<Record<string, string | number>>;

  constructor(status: number, code: string, message: string, about: Readonly<Record<string, string | number>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.about = about;
  }
}

function apiError(status: number, value: unknown, otherwise: string): ApiError {
  const problem = (value ?? {}) as { code?: string; title?: string; detail?: string; about?: Record<string, string | number> };
  return new ApiError(status, problem.code ?? String(status), problem.detail ?? problem.title ?? otherwise, problem.about);
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
    throw apiError(response.status, value, response.statusText);
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

/** Sends a file as it is; `progress` gets the share that was sent, 0 to 1. The answer comes when the console has taken it. */
export function upload<T>(path: string, file: Blob, progress: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    // fetch tells nothing of how much it has sent.
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1${path}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('x-csrf-token', csrf);
    request.upload.addEventListener('progress', (event) => progress(event.total === 0 ? 0 : event.loaded / event.total));
    request.addEventListener('error', () => reject(new Error('the console cannot be reached')));
    request.addEventListener('load', () => {
      const value: unknown = request.responseText === '' ? undefined : JSON.parse(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(value as T);
      else reject(apiError(request.status, value, request.statusText));
    });
    request.send(file);
  });
}
