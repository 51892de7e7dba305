import { parseUrlencoded } from '@palisade/waf/body/urlencoded';
import type { RuleSet } from '@palisade/waf/load';
import { translate } from '@palisade/waf/regex/translate';
import type { Sample } from './requests.ts';

/** The peer without an engine: every pattern that reads arguments, run by V8 over each value of the request. */
export function naive(ruleSet: RuleSet): (sample: Sample) => void {
  const patterns: RegExp[] = [];
  for (const entries of ruleSet.phases.values()) {
    for (const entry of entries) {
      if (entry.kind === 'rule' && entry.operator?.name === 'rx' && entry.operator.matcher !== undefined && entry.tags.some(({ text }) => text === 'paranoia-level/1') && entry.targets.some(({ variable }) => variable === 'ARGS')) patterns.push(translate(entry.operator.param).regex);
    }
  }
  return ({ uri, headers, body }) => {
    const values = [uri, ...headers.map(({ value }) => value)];
    for (const text of [uri.slice(uri.indexOf('?') + 1), body.startsWith('{') ? '' : body]) for (const { name, value } of parseUrlencoded(text).parameters) values.push(name, value);
    if (body.startsWith('{')) JSON.parse(body, (key, value: unknown) => void values.push(key, String(value)));
    let found = 0;
    for (const value of values) for (const pattern of patterns) if (pattern.test(value)) found += 1;
    if (found < 0) throw new Error('unreachable');
  };
}
