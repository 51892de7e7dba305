import { globSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { memoryStore } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { RuleSet } from '@palisade/waf/load';
import { expect, it } from 'vitest';
import type { Request } from '../../apps/cli/src/commands/waf/ftw-request.ts';
import { readCases } from '../../apps/cli/src/commands/waf/ftw-case.ts';
import { requestOf } from '../../apps/cli/src/commands/waf/ftw-request.ts';
import { loadRuleFiles } from '../../apps/cli/src/commands/waf/rule-files.ts';
import { suiteSettings } from '../../apps/cli/src/commands/waf/suite-settings.ts';
import { conformance, unpack } from '../conformance-data.ts';

const connection = { clientAddress: '192.0.2.7', clientPort: 40_000, serverAddress: '192.0.2.1', serverPort: 80 };

/** Everything a transaction leaves behind: matches with their bytes, gaps, TX variables that count, what is stored. */
function run(ruleSet: RuleSet, { method, uri, version, headers, body }: Request, plain: boolean): unknown {
  const tx = beginTransaction(ruleSet, { connection, id: 'same', now: () => 1_700_000_000_000, store: memoryStore(), ...(plain ? { plain } : {}) });
  tx.requestLine(method, uri, version);
  const intervention = tx.requestHeaders(headers) ?? tx.requestBody(body) ?? tx.responseHeaders(200, '1.1', [{ name: 'Content-Type', value: 'text/html' }]) ?? tx.responseBody(body);
  tx.logging();
  const scores = ['anomaly_score', 'blocking_inbound_anomaly_score', 'outbound_anomaly_score', 'sql_injection_score', 'xss_score', 'rce_score', '0'].map((name) => tx.variable(name));
  return { intervention, matches: tx.matches, gaps: tx.gaps, scores };
}

function compare(version: string): { readonly requests: number; readonly matched: number } {
  const rules = unpack(`crs-${version}-rules.tar.gz`);
  const tests = unpack(`crs-${version}-tests.tar.gz`);
  try {
    const ruleSet = loadRuleFiles([`${rules}/crs-setup.conf.example`, `${rules}/rules/*.conf`], '/', suiteSettings);
    let [requests, matched] = [0, 0];
    for (const file of globSync(path.join(tests, '**/*.{yaml,yml}')).filter((name) => !name.endsWith('-overrides.yaml')).sort()) {
      for (const { title, stages } of readCases(file)) {
        for (const { input } of stages) {
          const request = requestOf(input);
          if (request === undefined) continue;
          const planned = run(ruleSet, request, false) as { matches: { log: boolean }[] };
          const plain = run(ruleSet, request, true);
          if (!isDeepStrictEqual(planned, plain)) expect(planned, title).toEqual(plain);
          requests += 1;
          if (planned.matches.some(({ log }) => log)) matched += 1;
        }
      }
    }
    return { requests, matched };
  } finally {
    for (const folder of [rules, tests]) rmSync(folder, { recursive: true, force: true });
  }
}

conformance('planned rules against the plain interpreter', ['crs-3.3.4-tests.tar.gz', 'crs-4.28.0-tests.tar.gz'], () => {
  it('decide the same for every request of the tests of CRS 3.3.4 and 4.28', () => {
    const [old, current] = ['3.3.4', '4.28.0'].map(compare);
    expect(old!.requests).toBeGreaterThanOrEqual(1200);
    expect(old!.matched).toBeGreaterThanOrEqual(700);
    expect(current!.requests).toBeGreaterThanOrEqual(2300);
    expect(current!.matched).toBeGreaterThanOrEqual(1500);
  }, 900_000);
});
