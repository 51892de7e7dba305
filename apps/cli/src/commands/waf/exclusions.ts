import type { WafEvent } from '@palisade/model/waf-event';

export type Terms = { readonly reason: string; readonly owner: string; readonly until: string; /** Id of the first rule made. */ readonly firstId: number; /** Rules to exclude; every one that matched without it. */ readonly only?: readonly number[] };

/** Names that can stand in a ctl as they are: others would end the action or mean a pattern. */
const plainName = /^[A-Za-z_]+(?::[A-Za-z0-9_.[\]@-]+)?$/;
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ').slice(0, 300);

/** Variables that stand for the request or the rules themselves: taking them away would take the rule away. */
const own = /^(?:TX|MATCHED_VARS?|IP|GLOBAL|SESSION|USER|RESOURCE)\b/;

/**
 * For every rule, route and parameter of the events one SecRule that takes that parameter away from that rule on that
 * route until a date; read before the rules. `left` says what can't be excluded so narrowly, and isn't.
 */
export function exclusionsOf(events: readonly WafEvent[], { reason, owner, until, firstId, only }: Terms): { readonly directives: string; readonly left: readonly string[] } {
  const wanted = new Map<string, { rule: number; path: string; method: string; variable: string; events: string[] }>();
  const left = new Set<string>();
  for (const { id, path, method, matches } of events) {
    for (const { rule, variable } of matches) {
      if (only?.includes(rule) === false || variable === '' || own.test(variable)) continue;
      if (/[\s"'\\,]/.test(path) || path.includes('%{') || !/^[A-Z]+$/.test(method)) left.add(`rule ${rule} on ${path}: the route has characters that have no place in a rule`);
      else if (!plainName.test(variable)) left.add(`rule ${rule} on ${path}: the name of ${variable} has characters that have no place in a ctl`);
      else {
        const key = `${rule} ${method} ${path} ${variable}`;
        const known = wanted.get(key) ?? { rule, path, method, variable, events: [] };
        known.events.push(id);
        wanted.set(key, known);
      }
    }
  }
  // TIME_EPOCH is in seconds; the last day is counted whole.
  const ends = Math.floor(Date.parse(until) / 1000) + 86_400;
  const directives = [...wanted.values()].map(({ rule, path, method, variable, events: seen }, at) => `# ${oneLine(reason)}
# owner: ${oneLine(owner)}; until: ${until}; events: ${seen.slice(0, 5).join(' ')}${seen.length > 5 ? ` and ${seen.length - 5} more` : ''}
SecRule REQUEST_FILENAME "@streq ${path}" "id:${firstId + at},phase:1,pass,nolog,t:none,chain"
  SecRule REQUEST_METHOD "@streq ${method}" "t:none,chain"
    SecRule TIME_EPOCH "@lt ${ends}" "t:none,ctl:ruleRemoveTargetById=${rule};${variable}"
`).join('\n');
  return { directives, left: [...left] };
}
