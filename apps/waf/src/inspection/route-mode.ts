import type { WafRoute } from '@palisade/model/waf-site';
import { globMatches } from '@palisade/verdict/glob';
import type { Mode } from './event.ts';

/** The mode of a request: that of the first route that fits, else the site's. Paths are compared as they were sent, without the query. */
export function modeByRoute(mode: Mode, routes: readonly WafRoute[]): (method: string, path: string) => Mode {
  if (routes.length === 0) return () => mode;
  return (method, path) => routes.find((route) => (route.methods === undefined || route.methods.includes(method)) && globMatches(route.path, path))?.mode ?? mode;
}
