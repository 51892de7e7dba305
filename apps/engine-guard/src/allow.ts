/**
 * The closed list of what may reach the container engine through the guard: reading, and four actions on one
 * container named by its full id. Everything else (create, exec, build, volumes, swarm, …) is refused.
 */
const reads: readonly RegExp[] = [
  /^\/_ping$/,
  /^\/version$/,
  /^\/info$/,
  /^\/events$/,
  /^\/images\/json$/,
  /^\/images\/(?:[^/]|%2F)+\/(?:json|history|get)$/i,
  /^\/containers\/json$/,
  /^\/containers\/[0-9a-f]{12,64}\/(?:json|top)$/,
];
const actions = /^\/containers\/[0-9a-f]{64}\/(?:pause|unpause|stop|kill)$/;

/** Parameters that an action may carry; anything else could change what it means. */
const actionParameters: ReadonlySet<string> = new Set(['t', 'signal']);

/** The reason for a refusal, or undefined when the call may pass. `target` is the request line's path with its query. */
export function refusal(method: string, target: string): string | undefined {
  let url: URL;
  try {
    url = new URL(target, 'http://engine');
  } catch {
    return 'the path is not readable';
  }
  // What the engine would decode differently from us isn't passed on at all.
  if (!target.startsWith('/') || target.startsWith('//') || /[\\\s]|%2e|%5c|%00|\/\.\.?(?:\/|$)/i.test(target.split('?')[0] ?? '')) return 'the path is not plain';
  const path = url.pathname.replace(/^\/v1\.\d{2}(?=\/)/, '');
  if (method === 'GET') return reads.some((pattern) => pattern.test(path)) ? undefined : 'not on the read list';
  if (method !== 'POST' || !actions.test(path)) return 'neither a listed read nor a listed action';
  for (const name of url.searchParams.keys()) if (!actionParameters.has(name)) return `parameter "${name}" is not listed`;
  return undefined;
}
