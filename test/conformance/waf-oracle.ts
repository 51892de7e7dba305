import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { memoryStore } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { RuleSet } from '@palisade/waf/load';
import { loadRuleFiles } from '../../apps/cli/src/commands/waf/rule-files.ts';
import type { Sent } from './waf-traffic.ts';

export type Verdict = { readonly ids: readonly number[]; readonly scores: string };

/** Directives for both engines: detection at a paranoia level, every body inspected, REQUEST_BODY always there as in ModSecurity 3. */
export const settings = (paranoia: number): string => `
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecResponseBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 1310720
SecResponseBodyMimeType text/plain text/html
SecResponseBodyLimit 524288
SecArgumentSeparator &
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+[+])?json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecAction "id:200900,phase:1,pass,nolog,setvar:tx.paranoia_level=${paranoia},setvar:tx.blocking_paranoia_level=${paranoia},setvar:tx.detection_paranoia_level=${paranoia},setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.crs_setup_version=${paranoia > 0 ? '334' : ''}"
`;
const force = 'SecAction "id:200901,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"\n';
const scoreNames = ['anomaly_score', 'sql_injection_score', 'xss_score', 'rfi_score', 'lfi_score', 'rce_score', 'php_injection_score', 'http_violation_score', 'session_fixation_score', 'inbound_anomaly_score_pl1', 'inbound_anomaly_score_pl2', 'inbound_anomaly_score_pl3', 'inbound_anomaly_score_pl4'];

/** Both engines over one rule set in \`rules\` (a folder as CRS is unpacked). */
export function engines(rules: string, paranoia: number, scratch: string): { readonly ruleSet: RuleSet; mine(sent: Sent): Verdict; theirs(all: readonly Sent[]): Promise<Verdict[]> } {
  const own: RuleSet = loadRuleFiles([`${rules}/crs-setup.conf.example`, `${rules}/rules/*.conf`], '/', settings(paranoia) + force);
  const file = path.join(scratch, `oracle-${paranoia}.conf`);
  writeFileSync(file, `${settings(paranoia)}Include ${rules}/crs-setup.conf.example\nInclude ${rules}/rules/*.conf\nSecAction "id:990099,phase:5,pass,log,msg:'SCORES ${scoreNames.map((name) => `%{tx.${name}}`).join(' ')}'"\n`);
  const unaudited = new Set([...own.phases.values()].flat().flatMap((rule) => (rule.kind === 'rule' && !rule.auditlog ? [rule.id] : [])));
  const tidy = (ids: readonly number[]): number[] => [...new Set(ids)].filter((id) => !unaudited.has(id)).sort((a, b) => a - b);
  return {
    ruleSet: own,
    mine(sent) {
      const tx = beginTransaction(own, { connection: { clientAddress: '192.0.2.7', clientPort: 40_000, serverAddress: '192.0.2.1', serverPort: 80 }, id: 'o', now: Date.now, store: memoryStore() });
      tx.requestLine(sent.method, sent.uri, sent.version);
      tx.requestHeaders(sent.headers);
      tx.requestBody(sent.body);
      tx.responseHeaders(200, '1.1', [{ name: 'Content-Type', value: 'text/html' }]);
      tx.responseBody('');
      tx.logging();
      return { ids: tidy(tx.matches.filter(({ log }) => log).map(({ rule }) => rule)), scores: scoreNames.map((name) => tx.variable(name) ?? '').join(' ') };
    },
    async theirs(all) {
      const script = path.join(import.meta.dirname, 'libmodsecurity.py');
      const child = spawn('python3', [script, file], { stdio: ['pipe', 'pipe', 'inherit'] });
      const gone = once(child, 'close');
      child.stdin.end(all.map((sent) => JSON.stringify(sent)).join('\n'));
      const output = await text(child.stdout);
      const [code] = (await gone) as [number | null];
      if (code !== 0) throw new Error(`libmodsecurity.py ended with ${code}`);
      return output.trimEnd().split('\n').map((line) => {
        const found = JSON.parse(line) as Verdict;
        return { ids: tidy(found.ids), scores: found.scores };
      });
    },
  };
}
