import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/engine/store.ts';
import type { Intervention } from '../src/engine/transaction.ts';
import { beginTransaction } from '../src/http-transaction.ts';
import { loadRules } from '../src/load.ts';
import { parseJson } from '../src/body/json.ts';
import { parseMultipart } from '../src/body/multipart.ts';
import { parseXml } from '../src/body/xml.ts';
import { transformations } from '../src/transformations/registry.ts';

const files = {
  read: (name: string): string => {
    throw new Error(`${name}: no such file`);
  },
  glob: (): string[] => [],
};
const rules = (text: string) => loadRules([{ name: 'own.conf', text: `SecRuleEngine On\nSecRequestBodyAccess On\n${text}` }], files);

type Ran = { ids: number[]; places: (readonly [number, number, string])[]; gaps: string[]; intervention: Intervention | undefined };

function run(text: string, uri: string, options: { body?: string; type?: string; plain?: boolean } = {}): Ran {
  const { ruleSet, problems } = rules(text);
  expect(problems).toEqual([]);
  const tx = beginTransaction(ruleSet, { connection: { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 }, id: 'a', now: () => 0, store: memoryStore(), ...(options.plain === undefined ? {} : { plain: options.plain }) });
  tx.requestLine('POST', uri, '1.1');
  let intervention = tx.requestHeaders([{ name: 'Host', value: 'a' }, { name: 'Content-Type', value: options.type ?? 'application/x-www-form-urlencoded' }]);
  intervention ??= tx.requestBody(options.body ?? '');
  tx.logging();
  return { ids: tx.matches.map((match) => match.rule), places: tx.matches.map(({ rule, offset, bytes }) => [rule, offset, bytes] as const), gaps: tx.gaps.map(({ kind, subject, count }) => `${kind} ${subject} ${count}`), intervention };
}

describe('rules', () => {
  it('denies in the phase of the rule, with its status', () => {
    const { intervention } = run('SecRule ARGS:a "@rx ^evil$" "id:1,phase:2,deny,status:406,msg:\'bad\'"', '/?a=evil');
    expect(intervention).toMatchObject({ rule: 1, status: 406, log: 'bad' });
  });
  it('runs chains, captures and counters', () => {
    const text = 'SecRule ARGS "@rx ^(\\w+)-" "id:1,phase:2,pass,capture,chain"\nSecRule TX:1 "@streq abc" "setvar:tx.n=+5"\nSecRule TX:n "@eq 5" "id:2,phase:2,pass"';
    expect(run(text, '/?x=abc-1').ids).toEqual([1, 2]);
    expect(run(text, '/?x=abd-1').ids).toEqual([]);
  });
  it('skips to a marker and removes targets for one transaction', () => {
    const text = 'SecAction "id:1,phase:1,pass,nolog,ctl:ruleRemoveTargetById=3;ARGS:a,skipAfter:END"\nSecAction "id:2,phase:1,pass"\nSecMarker END\nSecRule ARGS "@contains x" "id:3,phase:2,pass"';
    expect(run(text, '/?a=x').ids).toEqual([1]);
    expect(run(text, '/?b=x').ids).toEqual([1, 3]);
  });
  it('keeps a removed target from one rule only, though others share its variables', () => {
    const text = 'SecAction "id:1,phase:1,pass,nolog,ctl:ruleRemoveTargetById=2;ARGS:a"\nSecRule ARGS "@contains x" "id:2,phase:2,pass"\nSecRule ARGS "@contains x" "id:3,phase:2,pass"';
    expect(run(text, '/?a=x').ids).toEqual([1, 3]);
  });
  it('names file, line and cause of every unknown word', () => {
    const { problems } = rules('SecRule ARGS "@nope x" "id:1"\nSecRule NOPE "x" "id:2"\nSecRule ARGS "x" "id:3,nope"\nSecRule ARGS "(a" "id:4"\nSecNope On\nSecRule ARGS "x" "id:5,t:nope"');
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(problems.every(({ file }) => file === 'own.conf')).toBe(true);
  });
});

describe('what a match says', () => {
  it('gives the bytes an operator found and where they start in the value', () => {
    const operators = ['@rx b+', '@pm zz BBC', '@contains bc', '@endsWith bcd', '@beginsWith a', '@containsWord abbcd', '@strmatch bb', '@validateByteRange 97'];
    const text = operators.map((operator, at) => `SecRule ARGS:q "${operator}" "id:${at + 1},phase:2,pass"`).join('\n');
    expect(run(text, '/?q=abbcd').places).toEqual([[1, 1, 'bb'], [2, 1, 'bbc'], [3, 2, 'bc'], [4, 2, 'bcd'], [5, 0, 'a'], [6, 0, 'abbcd'], [7, 1, 'bb'], [8, 1, 'b']]);
  });
  it('counts in the value after its transformations, and takes all of it where no place can be told', () => {
    const text = 'SecRule ARGS:q "@rx <s" "id:1,phase:2,pass,t:urlDecode"\nSecRule ARGS:q "!@rx ^x" "id:2,phase:2,pass"\nSecAction "id:3,phase:2,pass"';
    expect(run(text, '/?q=a%253cs').places).toEqual([[1, 1, '<s'], [2, 0, 'a%3cs'], [3, 0, '']]);
  });
});

describe('limits', () => {
  it('says how many arguments it left out', () => {
    expect(run('SecArgumentsLimit 2', '/?a=1&b=2&c=3&d=4').gaps).toEqual(['limit-arguments ARGS_GET 2']);
    expect(run('SecArgumentsLimit 2', '/', { body: 'a=1&b=2&c=3' }).gaps).toEqual(['limit-arguments ARGS_POST 1']);
    expect(run('SecArgumentsLimit 2', '/?a=1&b=2', { body: 'a=1&b=2' }).gaps).toEqual([]);
  });
  it('says that a body was not read to its end', () => {
    const json = 'SecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"\nSecArgumentsLimit 2';
    expect(run(json, '/', { body: '[1,2,3]' }).gaps).toEqual(['body-unparsed REQUEST_BODY 1']);
    expect(run('SecRequestBodyNoFilesLimit 3', '/', { body: 'a=12' }).gaps).toEqual(['body-unparsed REQUEST_BODY 1']);
  });
});

describe('rules removed for one transaction', () => {
  it('are found by their message, also when the last rule of a chain carries it', () => {
    const text = 'SecAction "id:1,phase:1,pass,nolog,ctl:ruleRemoveByMsg=bad thing"\nSecRule ARGS "@contains x" "id:2,phase:2,pass,msg:\'bad thing\'"\nSecRule ARGS "@contains x" "id:3,phase:2,pass,msg:\'other\'"\nSecRule ARGS "@contains x" "id:4,phase:2,pass,chain"\nSecRule ARGS "@contains x" "msg:\'bad thing\'"';
    expect(run(text, '/?a=x').ids).toEqual([1, 3]);
    expect(run(text, '/?a=x', { plain: true }).ids).toEqual([1, 3]);
  });
});

describe('phpArgsNames', () => {
  it('names a parameter as PHP does', () => {
    expect([' a b.c', 'a.b[c d]e', '[a]', '][ ', 'a[b.c'].map((name) => transformations['phpargsnames']!(name, undefined))).toEqual(['a_b_c', 'a_b[c d]', '', ']_ ', 'a_b.c']);
  });
});

describe('the fast path', () => {
  it('matches exactly what the plain path matches', () => {
    const text = [
      'SecRule ARGS|ARGS_NAMES "@rx (?i)(?:union\\s+select|or\\s+1=1|<script)" "id:1,phase:2,pass,t:urlDecodeUni,t:lowercase"',
      'SecRule ARGS "@pm alert eval system" "id:2,phase:2,pass"', 'SecRule REQUEST_URI "@contains ../" "id:3,phase:2,pass,t:urlDecode"',
      'SecRule ARGS "@detectXSS" "id:4,phase:2,pass"', 'SecRule ARGS "!@rx ^[a-z]*$" "id:5,phase:2,pass"', 'SecRule ARGS "@rx a+b|c[d-f]" "id:6,phase:2,pass"',
    ].join('\n');
    const piece = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('UNION select', 'or 1=1', '<ScRipt', '%3cscript', 'ALERT', 'eval', '../', '%2e./', 'aab', 'ce', '<a onclick=x>'));
    fc.assert(fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
      const uri = `/?q=${pieces.join('').replace(/[^\x20-\x7e]|[#\s]/g, '+')}`;
      expect(run(text, uri).ids).toEqual(run(text, uri, { plain: true }).ids);
    }), { numRuns: 150 });
  });
});

describe('hostile input', () => {
  it('never makes a body parser or a transformation throw', () => {
    const binary = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const shaped = fc.array(fc.oneof(binary, fc.constantFrom('--b', '\r\n', '\n', '--', 'Content-Disposition: form-data; name="a"', '"', '<a>', '</a>', '{', '[', '%u', '\\u00', '&#x')), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(fc.property(shaped, (text) => {
      parseMultipart('multipart/form-data; boundary=b', text);
      parseMultipart(`multipart/form-data; boundary${text}`, '--b');
      parseJson(text, { depth: 20, leaves: 100 });
      parseXml(text);
      for (const apply of Object.values(transformations)) expect(typeof apply(text)).toBe('string');
    }), { numRuns: 300 });
  });
  it('answers rules made of noise with problems, not with a crash', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('SecRule ', 'ARGS ', '"@rx ', '" ', '"id:1,', "'", '\\\n', '\n')), { maxLength: 12 }), (parts) => {
      expect(Array.isArray(rules(parts.join('')).problems)).toBe(true);
    }), { numRuns: 300 });
  });
});
