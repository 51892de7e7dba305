const secretHeaders = /^REQUEST_HEADERS:(?:authorization|proxy-authorization|cookie|x-api-key|x-auth-token|x-csrf-token)$/i;
const secretNames = /^(?:ARGS|ARGS_GET|ARGS_POST|REQUEST_COOKIES|XML|FILES)\b.*(?:pass|pwd|secret|token|credential|session|auth|apikey|api_key|card|cvv|ssn|pin$)/i;
const cookies = /^REQUEST_COOKIES:/;

const plain = (bytes: string): string => bytes;
/** Keeps the shape: an attack's syntax stays readable, what a person typed does not. */
const shape = (bytes: string): string => bytes.replace(/[A-Za-z]/g, 'x').replace(/[0-9]/g, '0').replace(/[\x80-\xff]/g, 'x');

/** How bytes found in a variable may be recorded: values of secrets lose their letters and digits. */
export function maskFor(variable: string): (bytes: string) => string {
  return secretHeaders.test(variable) || secretNames.test(variable) || cookies.test(variable) ? shape : plain;
}
