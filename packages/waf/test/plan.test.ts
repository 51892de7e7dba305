import { createHash } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerAscii } from '../src/bytes.ts';
import { memoryStore } from '../src/engine/store.ts';
import { beginTransaction } from '../src/http-transaction.ts';
import { detection } from '../src/libinjection/built-in.ts';
import { isOrdinaryText } from '../src/libinjection/sqli-quick.ts';
import { detectSqli } from '../src/libinjection/sqli.ts';
import tables from '../src/libinjection/tables.json' with { type: 'json' };
import { loadRules } from '../src/load.ts';
import { operators } from '../src/operators/registry.ts';
import { chainEffect, lengthBefore, reaches, stepEffects } from '../src/plan/effects-of-steps.ts';
import { triggers } from '../src/plan/triggers.ts';
import { requirementOf } from '../src/prefilter/requirement.ts';
import { buildScanner } from '../src/prefilter/scanner.ts';
import { translate } from '../src/regex/translate.ts';
import { transformations } from '../src/transformations/registry.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((all) => Buffer.from(all).toString('latin1'));
const none = new Int32Array(256);

describe('the scanner', () => {
  it('finds exactly the literals that a text contains, across the pieces it reads', () => {
    const literal = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\0', 'é'), minLength: 2, maxLength: 7 });
    const text = fc.tuple(fc.constantFrom(0, 1, 4090, 4095, 4096), fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '/', '\0', 'é'), maxLength: 30 }));
    fc.assert(fc.property(fc.array(literal, { maxLength: 12 }), text, (literals, [pad, tail]) => {
      const whole = '.'.repeat(pad) + tail;
      const scanner = buildScanner(literals.map((item, owner) => ({ owner, literals: [item] })), literals.length, { low: none, high: none, top: none });
      scanner.scan(whole);
      const expected = literals.flatMap((item, owner) => (lowerAscii(whole).includes(item) ? [owner] : []));
      expect([...scanner.found.subarray(0, scanner.count)].sort((a, b) => a - b)).toEqual(expected);
    }), { numRuns: 400 });
  });
});

describe('what a pattern requires', () => {
  it('holds for every value that it matches', () => {
    const patterns = ['(?i)s(?:elect|et|leep\\()', 'a?b[cd]+e', '(?:ab|a*c){2}d', '\\bfoo\\b.*[=<]', '(?i)un(?:ion|til)\\s+(?:all\\s+)?sel', '(?=ab)a.c', '[xy]{3}z?', 'é|[\\x80-\\x9f]b', '(?:^|;)\\s*x(?:y|z){0,2}w'].map((source) => ({ regex: translate(source).regex, requirement: requirementOf(translate(source).root) }));
    const piece = fc.oneof(fc.constantFrom('SELECT', 'set', 'sleep(', 'b', 'c', 'd', 'e', 'ab', 'foo', '=', '<', 'union ', 'until\n', 'all ', 'xyx', 'é', '\x85b', ';', 'xyzw', 'xw', ' '), fc.string({ maxLength: 2 }));
    fc.assert(fc.property(fc.array(piece, { maxLength: 7 }).map((parts) => Buffer.from(parts.join(''), 'latin1').toString('latin1')), (value) => {
      for (const { regex, requirement } of patterns) {
        if (!regex.test(value)) continue;
        expect(value.length).toBeGreaterThanOrEqual(requirement.length);
        expect(requirement.literals?.some((literal) => lowerAscii(value).includes(literal)) ?? true).toBe(true);
        expect(requirement.sets.every((set) => [...Buffer.from(value, 'latin1')].some((byte) => set[byte] === 1))).toBe(true);
      }
    }), { numRuns: 1500 });
  });
});

describe('triggers of transformations', () => {
  it('are all there: without such a byte a value stays as it is', () => {
    fc.assert(fc.property(fc.oneof(bytes, fc.string({ unit: fc.constantFrom('a', 'B', '1', ' ', '/', '.', '%', '&', '\\', '-', '*', '<', '[', 'x', '0'), maxLength: 20 })), (value) => {
      for (const [name, set] of Object.entries(triggers)) {
        const rest = value.replace(/[^]/g, (char) => (set[char.charCodeAt(0)] === 1 ? '' : char));
        const inert = set[47] === 1 ? rest.replace(/^\.+|\.+$/g, '') : rest;
        expect(transformations[name]!(inert, undefined)).toBe(inert);
      }
    }), { numRuns: 400 });
  });
});

describe('what steps do to a text without the bytes that upset them', () => {
  it('is no more than is said: no other byte comes in, no literal that is kept comes to be, and lengths hold', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', '1', ' ', '/', '.', '+', '(', ',', ';', '\t', '*', '-', '#', '%41', '&lt', '\\', '\0', '0x41', '\xa0', 'é'), maxLength: 24 });
    const literal = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '/', '.', '(', ';'), minLength: 2, maxLength: 3 });
    fc.assert(fc.property(fc.array(fc.constantFrom(...Object.keys(stepEffects)), { minLength: 1, maxLength: 3 }), text, fc.array(literal, { minLength: 20, maxLength: 20 }), (names, raw, literals) => {
      const { upset, brings, keeps } = chainEffect(names);
      const value = raw.replace(/[^]/g, (char) => (upset[char.charCodeAt(0)] === 1 ? '' : char));
      const result = names.reduce((current, name) => transformations[name]!(current, undefined), value);
      for (const char of lowerAscii(result)) if (brings[char.charCodeAt(0)] !== 1) expect(lowerAscii(value)).toContain(char);
      for (const wanted of [...literals, ...lowerAscii(result).match(/..?.?/gs) ?? []]) if (wanted.length > 1 && keeps(wanted) && lowerAscii(result).includes(wanted)) expect(lowerAscii(value)).toContain(wanted);
    }), { numRuns: 1000 });
    fc.assert(fc.property(fc.array(fc.constantFrom(...Object.keys(transformations).filter((name) => !['sha1', 'md5'].includes(name))), { minLength: 1, maxLength: 3 }), fc.oneof(text, bytes), (names, value) => {
      const result = names.reduce((current, name) => transformations[name]!(current, undefined), value);
      expect(value.length).toBeGreaterThanOrEqual(lengthBefore(names, result.length));
    }), { numRuns: 1000 });
    const encoded = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '9', '+', '/', '=', '\r', '\n', '\r\n', '-', ' ', 'é'), maxLength: 24 });
    fc.assert(fc.property(fc.constantFrom(...Object.keys(reaches)), fc.oneof(encoded, bytes), (name, value) => {
      const { length } = transformations[name]!(value, undefined);
      for (let least = 1; least <= length; least += 1) expect(reaches[name]!(value, least)).toBe(true);
    }), { numRuns: 1000 });
    expect(['json.items', '2019-11-04 abcde', ''].map((value) => reaches['base64decode']!(value, 5))).toEqual([false, false, false]);
  });
});

describe('base64', () => {
  it('is decoded as far as it is base64', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'Z', '0', '9', '+', '/', '=', '\r', '\n', '\r\n', '-', ' ', 'é'), maxLength: 24 }), (value) => {
      const clean = /^(?:[A-Za-z0-9+/]|\r?\n)*/.exec(value)![0];
      expect(transformations['base64decode']!(value, undefined)).toBe(Buffer.from(clean, 'base64').toString('latin1'));
    }), { numRuns: 1000 });
  });
});

describe('short cuts', () => {
  it('of digests and addresses say what Node says', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }).map((all) => Buffer.from(all).toString('latin1')), (value) => {
      expect(transformations['sha1']!(value, undefined)).toBe(createHash('sha1').update(value, 'latin1').digest('binary'));
      expect(transformations['hexencode']!(value, undefined)).toBe(Buffer.from(value, 'latin1').toString('hex'));
    }), { numRuns: 300 });
    const part = fc.oneof(fc.integer({ min: 0, max: 260 }).map(String), fc.constantFrom('', '01', '-1', ' 1', '1 ', '127'));
    const address = fc.oneof(fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.')), fc.constantFrom('::1', '::ffff:127.0.0.1', '10.1.2.3', '127.0.0.1', '127.0.0.1.', '0.0.0.0'));
    const entry = fc.oneof(fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => ({ ip, bits })), fc.constantFrom({ ip: '::1', bits: 128 }, { ip: '::ffff:10.0.0.0', bits: 104 }, { ip: '127.0.0.1', bits: 32 }, { ip: '::', bits: 0 }));
    fc.assert(fc.property(fc.array(entry, { minLength: 1, maxLength: 3 }), address, (entries, value) => {
      const list = new BlockList();
      for (const { ip, bits } of entries) list.addSubnet(ip, bits, isIP(ip) === 4 ? 'ipv4' : 'ipv6');
      const expected = isIP(value) !== 0 && list.check(value, isIP(value) === 4 ? 'ipv4' : 'ipv6');
      expect(operators['ipmatch']!(entries.map(({ ip, bits }) => `${ip}/${bits}`).join(','), { detection, readFile: () => '' })(value, { capture: () => {}, found: () => {} })).toBe(expected);
    }), { numRuns: 1000 });
  });
});

describe('comparisons', () => {
  it('say by their range what they say of each number', () => {
    const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger(), fc.constantFrom(Infinity, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 2 ** 53 + 2));
    fc.assert(fc.property(fc.constantFrom('eq', 'ge', 'gt', 'le', 'lt'), number, number, (name, bound, value) => {
      const matcher = operators[name]!(String(bound), { detection, readFile: () => '' });
      if (matcher.range !== undefined) expect(value >= matcher.range[0] && value <= matcher.range[1]).toBe(matcher.number!(value));
      else expect(Math.abs(bound)).toBeGreaterThanOrEqual(Number.MAX_SAFE_INTEGER);
    }), { numRuns: 1000 });
  });
});

describe('ordinary text', () => {
  it('is never an SQL injection', () => {
    const piece = fc.oneof(fc.constantFrom('or', '1', ' ', 'union', 'select', 'a', '=', '@x', '-', '--', '.', ',', ':', 'cross', 'join', '1e', '0x', '5or', '::', ':=', 'sys', 'é', '\xa0', 'in', 'like', '<', '!', 'left', 'user', 'if', 'count', 'char.', 'now_', 'current_user', 'replace', 'database'), fc.string({ maxLength: 3 }));
    fc.assert(fc.property(fc.array(piece, { maxLength: 9 }).map((parts) => Buffer.from(parts.join(''), 'utf8').toString('latin1')), (text) => {
      if (detectSqli(text) !== undefined) expect(isOrdinaryText(text)).toBe(false);
      expect(isOrdinaryText(lowerAscii(text))).toBe(isOrdinaryText(text));
    }), { numRuns: 4000 });
    for (const marks of ['N1F.,:O', 'N1F.,:V']) expect(tables.fingerprints.toUpperCase().split(' ').filter((print) => print.split('').every((type) => marks.includes(type)))).toEqual([]);
    expect(isOrdinaryText('1::@')).toBe(false);
    expect(['Anna Karenina, 1878.', 'json.items.array_3.name', 'a.b@mail.example', '5f3a9c'].map(isOrdinaryText)).toEqual([true, true, true, true]);
  });
});

describe('planned rules', () => {
  const files = { read: () => '', glob: () => [] };
  const run = (text: string, uri: string, headers: readonly { name: string; value: string }[], plain: boolean): unknown => {
    const { ruleSet, problems } = loadRules([{ name: 'own.conf', text: `SecRuleEngine On\nSecRequestBodyAccess On\n${text}` }], files);
    expect(problems).toEqual([]);
    const tx = beginTransaction(ruleSet, { connection: { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 }, id: 'a', now: () => 0, store: memoryStore(), plain });
    tx.requestLine('POST', uri, '1.1');
    const intervention = tx.requestHeaders(headers) ?? tx.requestBody('q=Abc&r=%3Cx') ?? tx.responseHeaders(200, '1.1', []);
    tx.logging();
    return { matches: tx.matches, intervention, score: tx.variable('score') };
  };

  it('decide as the plain interpreter does, whatever gates, jumps, chains and exclusions stand between them', () => {
    const targets = ['ARGS', 'ARGS_NAMES|!ARGS_NAMES:a', 'ARGS:a|REQUEST_HEADERS', 'REQUEST_HEADERS:X-A', '&ARGS', 'TX:score', '&TX:flag', 'REQUEST_URI|ARGS|!ARGS:/^b/', 'MATCHED_VARS', 'REQUEST_BODY', 'TX:1|ARGS_GET', 'REQBODY_PROCESSOR', 'XML:/*', 'ARGS_POST|ARGS'];
    const operators = ['@rx (?i)a+b', '@rx ^x', '@contains bc', '@pm abc %3c', '@eq 1', '@ge 5', '!@rx ^[a-z]*$', '@validateByteRange 97-122', '@streq abc', '@beginsWith a', '@endsWith c', '@within abcabc', '@unconditionalMatch', '@rx (b)(c)', '@detectSQLi', '@rx aa\\n?b'];
    const chains = ['', 't:lowercase', 't:urlDecodeUni,t:lowercase', 't:lowercase,t:urlDecodeUni', 't:urlDecode,t:removeWhitespace', 't:cmdLine', 't:base64Encode', 't:length', 'multiMatch,t:lowercase,t:removeNulls', 't:urlDecodeUni,t:base64Decode', 'multiMatch,t:base64Decode,t:lowercase'];
    const effects = ['', 'setvar:tx.score=+5', 'setvar:tx.flag=1', 'capture', 'skip:1', 'skipAfter:M', 'ctl:ruleRemoveTargetById=1-99;ARGS:a', 'ctl:ruleRemoveById=7', 'ctl:forceRequestBodyVariable=On', 'setvar:!tx.score', 'msg:\'m %{MATCHED_VAR}\''];
    const rule = fc.record({ target: fc.constantFrom(...targets), operator: fc.constantFrom(...operators), chain: fc.constantFrom(...chains), effect: fc.constantFrom(...effects), phase: fc.constantFrom(1, 2), linked: fc.integer({ min: 0, max: 4 }), marker: fc.boolean() });
    const value = fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'c', 'x', ' ', '%3C', '%00', '+', 'YWFi', '%0a', "' or 1", '--'), maxLength: 6 });
    fc.assert(fc.property(fc.array(rule, { minLength: 1, maxLength: 9 }), fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ab'), value), { maxLength: 4 }), value, (rules, args, header) => {
      const text = rules.map(({ target, operator, chain, effect, phase, linked, marker }, index) => {
        const actions = [chain, effect].filter((part) => part !== '').join(',');
        const head = `SecRule ${target} "${operator}" "id:${index + 1},phase:${phase},pass${actions === '' ? '' : `,${actions}`}${linked === 0 ? ',chain' : ''}"`;
        return `${head}\n${linked === 0 ? 'SecRule ARGS|TX:1 "@rx b" "setvar:tx.score=+1"\n' : ''}${marker ? 'SecMarker M\n' : ''}`;
      }).join('');
      const uri = `/?${args.map(([name, content]) => `${name}=${content.replaceAll(' ', '+')}`).join('&')}`;
      const headers = [{ name: 'Host', value: 'h' }, { name: 'x-a', value: header }, { name: 'Content-Type', value: 'application/x-www-form-urlencoded' }];
      expect(run(text, uri, headers, false)).toEqual(run(text, uri, headers, true));
    }), { numRuns: 400 });
  }, 30_000);

  it('decide as the plain interpreter does where TX variables are the same for every request up to some rule', () => {
    const keys = ['a', 'b', 'C', 'score'];
    const setvar = fc.oneof(
      fc.tuple(fc.constantFrom(...keys), fc.constantFrom('1', '2', '+1', '-1', '%{tx.a}', '+%{tx.b}', '%{MATCHED_VAR}', '+%{tx.score}')).map(([key, value]) => `setvar:tx.${key}=${value}`),
      fc.constantFrom('setvar:!tx.a', 'setvar:tx.b_%{tx.a}=1', 'setvar:tx.%{tx.0}x=2', 'setvar:tx.b_%{ARGS.a}=3', 'setvar:ip.a=+1'),
    );
    const target = fc.constantFrom('TX:a', '&TX:a', 'TX:B', '&TX:b|TX:b', 'TX:c', 'TX:score', 'ARGS:a', '&ARGS', '&TX:/^b/', 'TX:/^b_|score/', 'TX:1', 'REQUEST_METHOD', 'IP:a', '&REQUEST_HEADERS:Host', 'MATCHED_VAR');
    const operator = fc.constantFrom('@eq 0', '@eq 1', '!@eq 1', '@lt 2', '@ge %{tx.a}', '@within %{tx.b} 1', '@rx ^(1)$', '@streq %{tx.score}');
    const tail = fc.constantFrom('', '', '', 'skipAfter:M', 'skipAfter:N', 'capture', 'severity:2', 'msg:\'%{tx.a} %{tx.c}\'', 'tag:x/%{tx.b}', 't:length', 'deny', 'allow:phase', 'ctl:ruleRemoveById=3', 'ctl:ruleRemoveTargetById=1-99;TX:a', 'ctl:ruleEngine=Off', 'skip:1', 'initcol:ip=%{tx.a}');
    const rule = fc.record({ target: fc.option(target, { nil: undefined, freq: 2 }), operator, setvars: fc.array(setvar, { maxLength: 2 }), tail, phase: fc.constantFrom(1, 1, 2, 3, 5), linked: fc.integer({ min: 0, max: 5 }), marker: fc.constantFrom('', '', 'SecMarker M\n', 'SecMarker N\n') });
    fc.assert(fc.property(fc.array(rule, { minLength: 1, maxLength: 12 }), fc.constantFrom('1', '2', 'x'), (rules, value) => {
      const text = rules.map(({ target: on, operator: by, setvars, tail: last, phase, linked, marker }, index) => {
        const actions = `id:${index + 1},phase:${phase}${['deny', 'allow:phase'].includes(last) ? '' : ',pass'}${last === '' ? '' : `,${last}`}${setvars.map((set) => `,${set}`).join('')}`;
        if (on === undefined) return `SecAction "${actions}"\n${marker}`;
        return `SecRule ${on} "${by}" "${actions}${linked === 0 ? ',chain' : ''}"\n${linked === 0 ? 'SecRule &TX:b|TX:a "@ge 1" "setvar:tx.score=+1"\n' : ''}${marker}`;
      }).join('');
      const headers = [{ name: 'Host', value: 'h' }];
      expect(run(`${text}SecRule TX "@unconditionalMatch" "id:99,phase:5,pass"\n`, `/?a=${value}`, headers, false)).toEqual(run(`${text}SecRule TX "@unconditionalMatch" "id:99,phase:5,pass"\n`, `/?a=${value}`, headers, true));
    }), { numRuns: 500 });
  }, 30_000);
});
