/**
 * Postgres stores neither U+0000 nor half of a surrogate pair in text or jsonb; both come from hostile file names.
 * They become U+FFFD, so that one such name cannot make a whole batch unstorable.
 */
export function parseStorable(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return /\\u0000|\\u[dD][89a-fA-F]/.test(text) ? cleaned(value) : value;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD');
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [String(cleaned(key)), cleaned(inner)]));
}
