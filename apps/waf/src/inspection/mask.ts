const secretNames = /pass|pwd|secret|token|credential|session|auth(?!ors?$)|api-?_?key|card|cvv|ssn|signature|otp|pin$/i;
const secretHeaders = /^(?:cookie|set-cookie|x-csrf-.*|x-xsrf-.*|.*-key)$|auth|token|secret|session|signature|passw|credential/i;
/** Keys that are no secrets. */
const openHeaders = /^(?:sec-websocket-key|idempotency-key|surrogate-key|cache-key)$/i;
const variables = /^(?:ARGS|ARGS_GET|ARGS_POST|XML|FILES)\b/;

/** Whether a parameter, field or element of that name may hold what nobody else should read. */
export const isSecretName = (name: string): boolean => secretNames.test(name);
export const isSecretHeader = (name: string): boolean => secretHeaders.test(name) && !openHeaders.test(name);

const plain = (bytes: string): string => bytes;
/** Keeps the shape: an attack's syntax stays readable, what a person typed does not. */
export const shape = (bytes: string): string => bytes.replace(/[A-Za-z]/g, 'x').replace(/[0-9]/g, '0').replace(/[\x80-\xff]/g, 'x');

/** How bytes found in a variable may be recorded: values of secrets lose their letters and digits. */
export function maskFor(variable: string): (bytes: string) => string {
  const at = variable.indexOf(':');
  const [kind, name] = at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)];
  const secret = kind === 'REQUEST_COOKIES' || (kind === 'REQUEST_HEADERS' ? isSecretHeader(name) : variables.test(kind) && isSecretName(name));
  return secret ? shape : plain;
}
