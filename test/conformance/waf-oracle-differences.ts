import { readFileSync } from 'node:fs';
import type { RuleSet } from '@palisade/waf/load';
import type { Rule } from '@palisade/waf/seclang/rule';
import type { Verdict } from './waf-oracle.ts';
import type { Sent } from './waf-traffic.ts';

/** What can be said of a rule that only one of the engines saw match. */
type About = { readonly rule: Rule; readonly sent: Sent; readonly side: 'mine' | 'theirs'; /** The rule as written, with all its links. */ readonly text: string };
export type Reason = { readonly name: string; readonly why: string; holds(about: About): boolean };

const links = (rule: Rule): Rule[] => (rule.next === undefined ? [rule] : [rule, ...links(rule.next)]);
const looksAt = (rule: Rule, names: readonly string[]): boolean => links(rule).some(({ targets }) => targets.some(({ variable }) => names.includes(variable)));
const operators = (rule: Rule): string[] => links(rule).map(({ operator }) => operator?.name ?? '');

/** Where libmodsecurity 3.0.9 decides otherwise, and why this engine does not follow. Each holds for the rules and requests it names only. */
export const reasons: readonly Reason[] = [
  {
    name: 'decoded-uri', why: 'libmodsecurity decodes REQUEST_URI, so rules see a second decoding (or a lone %); the language reference and the suite of CRS (920220) have it as sent',
    holds: ({ rule, sent }) => looksAt(rule, ['REQUEST_URI']) && sent.uri.includes('%'),
  },
  {
    name: 'backslashes', why: 'the rule writes \\\\ inside quotes: Apache, which CRS is written for, reads one backslash, libmodsecurity two; the suite of CRS expects the first',
    holds: ({ text }) => text.includes('\\\\'),
  },
  {
    name: 'encoded-question-mark', why: 'libmodsecurity decodes the URI before it cuts the query off, so an encoded ? in the path hides the rest of REQUEST_FILENAME',
    holds: ({ rule, sent, side }) => side === 'mine' && /^[^?]*%3f/i.test(sent.uri) && looksAt(rule, ['REQUEST_FILENAME', 'REQUEST_BASENAME']),
  },
  {
    name: 'jit-stack', why: 'PCRE2 finds the match (waf-pcre2.test.ts), but the stack of its compiled form, 32 KiB in libmodsecurity, is too small for back references over long values, which counts as no match',
    holds: ({ rule, sent, side, text }) => side === 'mine' && /\\[1-9]/.test(text) && operators(rule).includes('rx') && sent.body.length + sent.uri.length > 200,
  },
  {
    name: 'newer-libinjection', why: 'libmodsecurity carries libinjection of 2017; the tables here are those of its current sources, which know more fingerprints',
    holds: ({ rule, side }) => side === 'mine' && operators(rule).some((name) => name === 'detectsqli' || name === 'detectxss'),
  },
  {
    name: 'css-nul', why: 'libmodsecurity\'s cssDecode ends a value at its first NUL, behind which anything hides; a browser passes over it',
    holds: ({ sent, side, text }) => side === 'mine' && /t:cssDecode/i.test(text) && /(?:&|%26)(?:#|%23)x?0+(?:;|%3b)?|%00|\\u0000|\0/i.test(`${sent.uri} ${sent.body} ${sent.headers.map(({ value }) => value).join(' ')}`),
  },
  {
    name: 'multipart-lf', why: 'libmodsecurity loses a line feed between the lines of a part (suite: request-body-parser-multipart-crlf wants the joined text), so fewer bytes or other words match',
    holds: ({ rule, sent }) => looksAt(rule, ['ARGS', 'ARGS_POST', 'REQUEST_BODY']) && sent.headers.some(({ name, value }) => /^content-type$/i.test(name) && /^multipart/i.test(value)) && /[^\n]\n[^\n-]/.test(sent.body.replace(/\r\n/g, '')),
  },
  {
    name: 'part-headers', why: 'libmodsecurity runs the second link of 922110 for captures of parts that the first did not match; the suite of CRS (922110-5) expects no match',
    holds: ({ rule, side }) => rule.id === 922110 && side === 'theirs',
  },
  {
    name: 'phrase-inside-another', why: 'libmodsecurity misses a phrase that begins inside another one which it followed and gave up (@pm "secrets.json .env" on secrets.env); the search here finds every phrase',
    holds: ({ rule, side }) => side === 'mine' && operators(rule).some((name) => name === 'pmfromfile' || name === 'pmf' || name === 'pm'),
  },
];

/** Rules that add others up: they differ when others do. */
const sums = new Set([949110, 949111, 959100, 959101, 949059, 949159, 949160, 949060]);

export function explainer(ruleSet: RuleSet): (sent: Sent, mine: Verdict, theirs: Verdict) => string[] | undefined {
  const rules = new Map([...ruleSet.phases.values()].flat().flatMap((rule) => (rule.kind === 'rule' ? [[rule.id, rule] as const] : [])));
  const files = new Map<string, string[]>();
  const textOf = (rule: Rule): string => {
    if (!files.has(rule.file)) files.set(rule.file, readFileSync(rule.file, 'latin1').split('\n'));
    const lines = files.get(rule.file)!;
    return links(rule).map(({ line }) => {
      const end = lines.findIndex((text, at) => at >= line - 1 && !text.endsWith('\\'));
      return lines.slice(line - 1, end + 1).map((text) => text.replace(/\\$/, '')).join('\n');
    }).join('\n');
  };
  return (sent, mine, theirs) => {
    const reasonOf = (id: number, side: 'mine' | 'theirs'): string | undefined => {
      const rule = rules.get(id);
      return rule === undefined ? undefined : reasons.find((reason) => reason.holds({ rule, sent, side, text: textOf(rule) }))?.name;
    };
    const found: (string | undefined)[] = [
      ...mine.ids.filter((id) => !theirs.ids.includes(id) && !sums.has(id)).map((id) => reasonOf(id, 'mine')),
      ...theirs.ids.filter((id) => !mine.ids.includes(id) && !sums.has(id)).map((id) => reasonOf(id, 'theirs')),
    ];
    // The same rules with other scores: one of them matched more values.
    if (found.length === 0) {
      for (const id of mine.ids) {
        const rule = rules.get(id)!;
        const more = reasons.find((reason) => ['decoded-uri', 'multipart-lf', 'part-headers'].includes(reason.name) && reason.holds({ rule, sent, side: 'theirs', text: '' }));
        if (more !== undefined) found.push(more.name);
      }
      if (found.length === 0) return undefined;
    }
    return found.some((name) => name === undefined) ? undefined : (found as string[]);
  };
}
