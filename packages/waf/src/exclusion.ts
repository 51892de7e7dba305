import type { WafExclusion } from '@palisade/model/waf-site';

const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ').slice(0, 300);

/** Exclusions as ordinary SecLang, read before the rules; ids count up from the first. `note`: more to say of one in its comment. */
export function exclusionDirectives(exclusions: readonly WafExclusion[], firstId: number, note: (exclusion: WafExclusion) => string = () => ''): string {
  return exclusions.map((exclusion, at) => {
    const { rule, method, path, variable, reason, owner, until } = exclusion;
    // TIME_EPOCH is in seconds; the last day is counted whole.
    const ends = Math.floor(Date.parse(until) / 1000) + 86_400;
    return `# ${oneLine(reason)}
# owner: ${oneLine(owner)}; until: ${until}${note(exclusion)}
SecRule REQUEST_FILENAME "@streq ${path}" "id:${firstId + at},phase:1,pass,nolog,t:none,chain"
  SecRule REQUEST_METHOD "@streq ${method}" "t:none,chain"
    SecRule TIME_EPOCH "@lt ${ends}" "t:none,ctl:ruleRemoveTargetById=${rule};${variable}"
`;
  }).join('\n');
}
