import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { OpenFile } from '@palisade/image/analyzer';
import type { Gap } from '@palisade/model/gap';
import { PalisadeError } from '@palisade/model/error';
import { anyOf, compilePattern } from '../src/regex/compile.ts';
import { PatternError } from '../src/regex/syntax.ts';
import { secretsAnalyzer, secretLimits } from '../src/secrets/analyzer.ts';
import { secretDetector } from '../src/secrets/detect.ts';
import { secretFindings, secretsInSettings } from '../src/secrets/findings.ts';
import { keywordFinder } from '../src/secrets/keywords.ts';
import { loadSecretRules } from '../src/secrets/load.ts';
import { maskSecret } from '../src/secrets/mask.ts';
import { fuzz } from '../../../test/fuzz.ts';

const shipped = loadSecretRules(readFileSync(new URL('../../../content/secrets/palisade.toml', import.meta.url), 'utf8'), { file: 'palisade.toml' });
const token = 'ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6';
const load = (text: string) => loadSecretRules(text, { file: 'r.toml' });
const fires = (toml: string, text: string, path = 'app/x'): string[] => secretDetector(load(toml)).detect(Buffer.from(text), path).map((found) => found.rule.id);

function fileOf(path: string, content: Uint8Array, size = content.length): OpenFile {
  return {
    stat: { path, type: 'file', size, mode: 0o644, uid: 0, gid: 0, mtime: 0 },
    bytes: () => Promise.resolve(content),
    async *stream() {
      for (let at = 0; at < content.length; at += 65_536) yield await Promise.resolve(content.subarray(at, at + 65_536));
    },
    random: () => Promise.reject(new Error('not offered')),
  };
}

describe('RE2 patterns', () => {
  it.each([
    ['(?i)ab(?-i)C', 'xABC', 'ABC'], ['(?i)ab(?-i)C', 'abc', undefined], ['a(?i:b)c', 'aBc', 'aBc'], ['[[:alnum:]]{3}', '--a1B', 'a1B'],
    ['[^[:space:]]+', ' \u00a0x', '\u00a0x'], ['\\x60\\x{41}', '`A', '`A'], ['^\\$\\{\\d+}$', '${12}', '${12}'], ['(?P<n>a)|b', 'b', 'b'], ['\\Qa.b\\E', 'a.b', 'a.b'],
    ['a{2,3}?', 'aaaa', 'aa'], ['(?s).b', '\nb', '\nb'], ['.b', '\nb', undefined], ['(?m)^x$', 'a\nx\nb', 'x'], ['\\Ax\\z', 'x\n', undefined], ['[]a]', ']', ']'], ['[a\\-z]', '-', '-'],
    ['(?i)k', '\u212a', '\u212a'], ['\\pL+', '1é', 'é'], ['(?U)a+', 'aaa', 'a'], ['x{,2}', 'x{,2}', 'x{,2}'], ['(a|b){2,3}c', 'abac', 'abac'],
  ])('%s on %j', (source, text, expected) => {
    expect(compilePattern(source).groups(text)?.[0]).toBe(expected);
  });

  it('refuses what RE2 does not have', () => {
    for (const source of ['(?=a)', '(?<!a)b', '(a', 'a)', '[a', '*a', 'a{3,2}', 'a{1001}', '\\8', '\\c', 'a\\']) expect(() => compilePattern(source), source).toThrow(PatternError);
  });

  it('ends on patterns that kill a backtracking engine', () => {
    const text = `${'a'.repeat(5000)}!`;
    for (const source of ['^(a|aa)+$', '(a+)+$', '(?i)(?:A|a|aa)*b', '(?:x[a-z]{0,15}){1,60}#', '(?:a?){200}a{200}b']) {
      expect(compilePattern(source).test(source.startsWith('(?:x') ? 'xa'.repeat(2000) : text), source).toBe(false);
    }
  });

  it('agrees with the slower engine on random patterns and texts', async () => {
    const { RE2JS } = await import('re2js');
    const piece = fc.constantFrom('a', 'b', '[ab]', '.', '\\w', '\\b', '(a)', '(?:ab|b)', '(?i:A)', '[^a]', '\\s', '^', '$');
    const quantified = fc.tuple(piece, fc.constantFrom('', '', '*', '+?', '{1,3}', '{2}', '?', '{0,2}?')).map(([part, sign]) => (/^(?:\\b|\^|\$)$/.test(part) ? part : part + sign));
    const pattern = fc.array(fc.array(quantified, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')), { minLength: 1, maxLength: 2 }).map((parts) => parts.join('|'));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', ' ', '\n', '.'), maxLength: 12 });
    fc.assert(fc.property(pattern, text, (source, subject) => {
      const reference = RE2JS.compile(source).matcher(subject);
      const expected = reference.find() ? [reference.start(), reference.end()] : undefined;
      const [first] = compilePattern(source).matchAll(subject);
      expect(first === undefined ? undefined : [...first]).toEqual(expected);
    }), fuzz(400));
  });

  it('joined to one, say of any path what they say one by one', () => {
    const sources = ['^usr/lib/', '(?i)(?:^|/)Node_modules/', 'a|b$', '^(?:bin|sbin)/', '\\.(?:pem|key)$', '^x(?-i:Y)z'];
    const patterns = sources.map((source) => compilePattern(source));
    const piece = fc.constantFrom('usr', 'lib', 'bin', 'node_modules', 'NODE_MODULES', 'a', 'b', 'x.pem', 'x.KEY', 'xYz', '');
    fc.assert(fc.property(fc.subarray(patterns), fc.array(piece, { maxLength: 4 }), (some, parts) => {
      const path = parts.join('/');
      expect([path, anyOf(some)(path)]).toEqual([path, some.some((pattern) => pattern.test(path))]);
    }), fuzz(400));
  });

  it('refuses repeats that multiply, with and without characters in them', () => {
    for (const source of ['^{111}{111}{111}{111}', '(?:|){1000}{1000}{1000}', '(?:a{100}){11}', `a${'{11}'.repeat(9)}`]) expect(() => compilePattern(source), source).toThrow(PatternError);
    expect(compilePattern('(?:a{100}){10}').test('a'.repeat(1000))).toBe(true);
  });

  it('answers any text with a pattern or an error of its own', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '(', ')', '[', ']', '{', '}', '1', ',', '*', '?', '\\', '^', '-', '|', ':', 'd', 'p', 'Q'), maxLength: 20 }), (source) => {
      try {
        compilePattern(source).test('aaa');
      } catch (error) {
        expect(error).toBeInstanceOf(PatternError);
      }
    }), fuzz(1000));
  });
});

describe('the rule language', () => {
  const rule = (more: string, regex = 'key=(\\w+)'): string => `[[rules]]\nid = "r"\nregex = '''${regex}'''\n${more}\n`;

  it('takes keywords, entropy and groups', () => {
    expect(fires(rule(''), 'key=abc')).toEqual(['r']);
    expect(fires(rule('keywords = ["NOPE"]'), 'key=abc')).toEqual([]);
    expect(fires(rule('keywords = ["KEY="]'), 'key=abc')).toEqual(['r']);
    expect(fires(rule('entropy = 2.5'), 'key=aaaaaaa')).toEqual([]);
    expect(fires(rule('secretGroup = 2'), 'key=abc')).toEqual([]);
    expect(secretDetector(load(rule('', '(x)?key=(\\w+)'))).detect(Buffer.from('key=abc'), '')[0]?.secret).toBe('abc');
  });

  it('takes paths and allowlists with AND, OR, targets and stopwords', () => {
    expect(fires(rule("path = '''\\.env$'''"), 'key=abc', 'a/.env')).toEqual(['r']);
    expect(fires(rule("path = '''\\.env$'''"), 'key=abc', 'a/env')).toEqual([]);
    expect(fires(`[[rules]]\nid = "p"\npath = '''\\.p12$'''\n`, '', 'a/b.p12')).toEqual(['p']);
    const allow = (list: string): string => rule(`[[rules.allowlists]]\n${list}`);
    expect(fires(allow("regexes = ['''^abc$''']"), 'key=abc')).toEqual([]);
    expect(fires(allow("regexTarget = \"match\"\nregexes = ['''^abc$''']"), 'key=abc')).toEqual(['r']);
    expect(fires(allow("regexTarget = \"line\"\nregexes = ['''# test''']"), 'key=abc # test\n')).toEqual([]);
    expect(fires(allow('stopwords = ["BC"]'), 'key=abc')).toEqual([]);
    expect(fires(allow("condition = \"AND\"\npaths = ['''test/''']\nstopwords = [\"abc\"]"), 'key=abc', 'src/x')).toEqual(['r']);
    expect(fires(allow("condition = \"AND\"\npaths = ['''test/''']\nstopwords = [\"abc\"]"), 'key=abc', 'test/x')).toEqual([]);
    expect(fires(`${rule('')}[[allowlists]]\ntargetRules = ["r"]\nstopwords = ["abc"]\n`, 'key=abc')).toEqual([]);
    expect(fires(rule(''), 'key=abc // gitleaks:allow')).toEqual([]);
  });

  it('takes required rules within lines', () => {
    const composite = `${rule('[[rules.required]]\nid = "user"\nwithinLines = 1')}[[rules]]\nid = "user"\nregex = '''user=\\w+'''\nskipReport = true\n`;
    expect(fires(composite, 'user=me\nkey=abc')).toEqual(['r']);
    expect(fires(composite, 'user=me\n\n\nkey=abc')).toEqual([]);
    expect(fires(composite, 'user=me')).toEqual([]);
  });

  it('extends another file and lets the upper one win', () => {
    const base = `${rule('')}[[rules]]\nid = "gone"\nregex = '''gone'''\n`;
    const rules = loadSecretRules('[extend]\npath = "base.toml"\ndisabledRules = ["gone"]\n[[rules]]\nid = "r"\nregex = \'\'\'other=(\\w+)\'\'\'\n', { file: 'r.toml', read: (path) => (path === 'base.toml' ? base : '') });
    expect(rules.rules.map((one) => [one.id, one.regex?.source])).toEqual([['r', 'other=(\\w+)']]);
  });

  it('refuses with file, line and rule', () => {
    const failure = (text: string): string => {
      try {
        load(text);
      } catch (error) {
        if (error instanceof PalisadeError) return error.message;
      }
      return '';
    };
    expect(failure('a = \n')).toMatch(/^r\.toml:1: /);
    expect(failure(`title = "x"\n${rule('', '(?=x)')}`)).toMatch(/^r\.toml:4: rule "r": regex: unknown group/);
    expect(failure('[[rules]]\nid = "e"\n')).toContain('neither regex nor path');
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        load(text);
      } catch (error) {
        expect(error).toBeInstanceOf(PalisadeError);
      }
    }));
  });
});

describe('secrets in files', () => {
  const read = async (path: string, content: Uint8Array, size?: number) => {
    const gaps: Gap[] = [];
    const data = await secretsAnalyzer(shipped).read(fileOf(path, content, size), { gap: (gap) => gaps.push(gap), signal: new AbortController().signal });
    return { data, gaps };
  };

  it('finds one, masked, with its line, also far into a large file', async () => {
    const padding = 'some harmless line of text\n'.repeat(30_000);
    const { data } = await read('app/config.py', Buffer.from(`${padding}t = "${token}"\n${padding}`));
    expect(data?.secrets).toEqual([{ rule: 'github-token', line: 30_001, column: 6, masked: 'ghp_************' }]);
    expect(JSON.stringify(data)).not.toContain(token.slice(0, 12));
  });

  it('finds a private key that lies over a window\'s edge', async () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${`${'Zm9vYmFyMTIzNDU2Nzg5MA'.repeat(3)}\n`.repeat(20)}-----END RSA PRIVATE KEY-----\n`;
    for (const before of [secretLimits.windowBytes - 700, secretLimits.windowBytes - 20, secretLimits.windowBytes]) {
      const { data } = await read('app/key', Buffer.from('x\n'.repeat(before / 2) + key));
      expect(data?.secrets.map((secret) => [secret.rule, secret.line])).toEqual([['private-key', before / 2 + 1]]);
    }
  });

  it('counts what it does not look at', async () => {
    expect((await read('a.txt', Buffer.from('x'), secretLimits.fileBytes + 1)).gaps).toMatchObject([{ kind: 'limit-secret-file-size', subject: 'a.txt' }]);
    expect(await read('a.txt', Buffer.from('x\0y'))).toEqual({ data: { secrets: [], binary: true }, gaps: [] });
    expect((await read('a.txt', Buffer.from(Array.from({ length: 400 }, (_, index) => `t="${token.slice(0, -3)}${String(index + 100)}"`).join('\n')))).gaps).toMatchObject([{ kind: 'limit-secret-finds' }]);
  });

  it('becomes findings with layer and deleted files', () => {
    const [finding] = secretFindings([{ analyzer: 'secrets', path: 'app/x', data: { secrets: [{ rule: 'github-token', line: 3, column: 1, masked: 'ghp_****' }] }, layer: 'sha256:a', removed: 'sha256:b' }], shipped);
    expect(finding).toMatchObject({ kind: 'secret', rule: 'github-token', severity: 'critical', layer: 'sha256:a', removed: 'sha256:b', evidence: 'app/x:3: ghp_****' });
    expect(secretsInSettings([{ name: 'ENV TOKEN', text: `TOKEN=${token}` }], shipped)).toMatchObject([{ rule: 'github-token', evidence: 'ENV TOKEN: ghp_************' }]);
  });

  it('does not search where only packages put files', () => {
    const analyzer = secretsAnalyzer(shipped);
    const wants = (path: string): boolean => analyzer.wants(fileOf(path, Buffer.from('x')).stat);
    expect(['usr/share/doc/x/README', 'usr/lib/x.py', 'app/node_modules/x/a.js', 'app/logo.png'].filter(wants)).toEqual([]);
    expect(['app/.env', 'root/.ssh/id_rsa', 'etc/app.conf', 'usr/share/nginx/html/x.js', 'usr/src/app/x', 'home/u/.npmrc'].filter(wants)).toHaveLength(6);
  });

  it('masks short and long secrets', () => {
    expect(maskSecret('abc')).toBe('****');
    expect(maskSecret('a'.repeat(100))).toBe('aaaa************');
    fc.assert(fc.property(fc.string({ minLength: 5 }), (secret) => {
      expect(maskSecret(secret).replaceAll('*', '').length).toBeLessThanOrEqual(secret.length / 5);
    }));
  });

  it('finds exactly the keywords a plain search finds', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(words, fc.string({ unit: fc.constantFrom('a', 'B', 'c', 'd'), maxLength: 40 }), (keywords, text) => {
      const found = new Set<number>();
      keywordFinder(keywords).find(Buffer.from(text), found);
      expect([...found].sort((a, b) => a - b)).toEqual(keywords.flatMap((word, index) => (text.toLowerCase().includes(word) ? [index] : [])));
    }));
  });
});
