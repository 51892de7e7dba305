import type { WafEvent } from '@palisade/model/waf-event';
import { WafExclusion } from '@palisade/model/waf-site';
import { exclusionDirectives } from '@palisade/waf/exclusion';

export type Terms = { readonly reason: string; readonly owner: string; readonly until: string; /** Id of the first rule made. */ readonly firstId: number; /** Rules to exclude; every one that matched without it. */ readonly only?: readonly number[] };

/** Variables that stand for the request or the rules themselves: taking them away would take the rule away. */
const own = /^(?:TX|MATCHED_VARS?|IP|GLOBAL|SESSION|USER|RESOURCE)\b/;

/**
 * For every rule, route and parameter of the events one SecRule that takes that parameter away from that rule on that
 * route until a date; read before the rules. `left` says what can't be excluded so narrowly, and isn't.
 */
export function exclusionsOf(events: readonly WafEvent[], { reason, owner, until, firstId, only }: Terms): { readonly directives: string; readonly left: readonly string[] } {
  const wanted = new Map<string, { exclusion: WafExclusion; events: string[] }>();
  const left = new Set<string>();
  for (const { id, path, method, matches } of events) {
    for (const { rule, variable } of matches) {
      if (only?.includes(rule) === false || variable === '' || own.test(variable)) continue;
      const read = WafExclusion.safeParse({ rule, method, path, variable, reason: reason.slice(0, 300), owner: owner.slice(0, 300), until });
      if (!read.success) {
        left.add(`rule ${rule} on ${path}, ${variable}: ${read.error.issues[0]?.path.join('.') ?? ''}: ${read.error.issues[0]?.message ?? ''}`);
        continue;
      }
      const key = `${rule} ${method} ${path} ${variable}`;
      const known = wanted.get(key) ?? { exclusion: read.data, events: [] };
      known.events.push(id);
      wanted.set(key, known);
    }
  }
  const seen = new Map([...wanted.values()].map(({ exclusion, events: ids }) => [exclusion, ids] as const));
  return { directives: exclusionDirectives([...seen.keys()], firstId, (exclusion) => eventsNote(seen.get(exclusion) ?? [])), left: [...left] };
}

function eventsNote(ids: readonly string[]): string {
  return `; events: ${ids.slice(0, 5).join(' ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;
}
