import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { memoryStore } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import { describe, expect, it } from 'vitest';
import { command } from '../../apps/cli/src/commands/waf.ts';
import { readCases } from '../../apps/cli/src/commands/waf/ftw-case.ts';
import { loadRuleFiles } from '../../apps/cli/src/commands/waf/rule-files.ts';
import { suiteSettings } from '../../apps/cli/src/commands/waf/suite-settings.ts';
import { ordinary } from './waf-traffic.ts';

const folder = path.resolve(import.meta.dirname, '../../content/waf');

describe('the firewall rules that come with the product', () => {
  const ruleSet = loadRuleFiles([`${folder}/*.conf`], '/', suiteSettings);
  const denying = [...ruleSet.phases.values()].flat().flatMap((rule) => (rule.kind === 'rule' && rule.disruptive === 'deny' && rule.id >= 7_100_000 ? [rule] : []));

  it('each have a test in which they fire and one in which they do not', () => {
    expect(denying.length).toBeGreaterThanOrEqual(25);
    for (const { id } of denying) {
      const outputs = readCases(path.join(folder, `tests/${id}.yaml`)).flatMap(({ stages }) => stages.map(({ output }) => output.log));
      expect(outputs.some((log) => log?.expect_ids?.includes(id)), `${id} fires`).toBe(true);
      expect(outputs.some((log) => log?.no_expect_ids?.includes(id)), `${id} stays silent`).toBe(true);
    }
  });
  it('are named in both languages or by a CVE id, and say what they are about', () => {
    for (const { id, msg, tags, severity } of denying) {
      expect(/[\u4e00-\u9fff]/.test(Buffer.from(msg!.text, 'latin1').toString('utf8')) || /CVE-\d{4}-\d+/.test(msg!.text), String(id)).toBe(true);
      expect(tags.length, String(id)).toBeGreaterThanOrEqual(2);
      expect(severity, String(id)).toBeDefined();
    }
  });
  it('fire and stay silent as their tests say', async () => {
    let out = '';
    const io = { env: {}, locale: 'en' as const, cwd: folder, stdin: Readable.from([]), out: (text: string) => void (out += text), err: () => {}, progress: false, color: false, signal: new AbortController().signal, self: [] };
    expect([await command.run(['test', '--rules', '*.conf', '--min', '89', 'tests'], io), out]).toEqual([0, '89 passed, 0 failed\n']);
  });
  it('say nothing of ordinary traffic', () => {
    const store = memoryStore();
    for (const sent of ordinary(1500, 77)) {
      const tx = beginTransaction(ruleSet, { connection: { clientAddress: '192.0.2.9', clientPort: 1, serverAddress: '192.0.2.1', serverPort: 80 }, id: 'c', now: Date.now, store });
      tx.requestLine(sent.method, sent.uri, sent.version);
      tx.requestHeaders(sent.headers);
      tx.requestBody(sent.body);
      tx.responseHeaders(200, '1.1', [{ name: 'Content-Type', value: 'text/html' }]);
      tx.responseBody('<html><body>Welcome, Anna. Your order (uid 4711) is on its way.</body></html>');
      tx.logging();
      expect(tx.matches.filter(({ log }) => log).map(({ rule, variable, value }) => `${rule} ${variable} ${value}`), sent.uri).toEqual([]);
    }
  });
  it('have one test file a rule and no other', () => {
    const ids = new Set(denying.map(({ id }) => String(id)));
    expect(globSync('*.yaml', { cwd: path.join(folder, 'tests') }).filter((name) => !ids.has(path.basename(name, '.yaml')))).toEqual([]);
    expect(readFileSync(path.join(folder, 'virtual-patches.conf'), 'utf8')).toContain('CVE-2021-44228');
  });
});
