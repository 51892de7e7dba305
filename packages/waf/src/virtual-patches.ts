import { readDirectives } from './seclang/directives.ts';

/** A rule that stops a known way to use vulnerabilities, by their CVE ids; `text` is the rule with all its links. */
export type VirtualPatch = { readonly rule: number; readonly cves: readonly string[]; readonly text: string };

/** The rules of a file that carry the tag `virtual-patch` and at least one CVE id. */
export function readVirtualPatches(text: string, file: string): VirtualPatch[] {
  const lines = text.split('\n');
  const directives = readDirectives(text, file, []);
  const patches: VirtualPatch[] = [];
  for (let at = 0; at < directives.length; at += 1) {
    const first = directives[at]!;
    const actions = first.args[2] ?? '';
    let last = at;
    while (directives[last]?.name === 'SecRule' && /(?:^|,)\s*chain\b/.test(directives[last]?.args[2] ?? '') && last + 1 < directives.length) last += 1;
    const id = /(?:^|,)\s*id:'?(\d+)/.exec(actions);
    const tags = [...actions.matchAll(/tag:'([^']*)'/g)].map((found) => found[1]!);
    if (first.name === 'SecRule' && id !== null && tags.includes('virtual-patch')) {
      const end = directives[last + 1]?.line ?? lines.length + 1;
      const own = lines.slice(first.line - 1, end - 1).filter((line) => !/^\s*(?:#|$)/.test(line));
      patches.push({ rule: Number(id[1]), cves: tags.filter((tag) => /^CVE-\d{4}-\d+$/.test(tag)), text: own.join('\n') });
    }
    at = last;
  }
  return patches.filter(({ cves }) => cves.length > 0);
}
