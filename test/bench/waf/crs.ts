import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Sample } from './requests.ts';
import { memoryStore } from '@palisade/waf/engine/store';
import type { Store } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { HttpTransaction } from '@palisade/waf/http-transaction';
import { loadRules } from '@palisade/waf/load';
import type { RuleSet } from '@palisade/waf/load';

/** The engine as a site would run it: blocking, bodies read, JSON and XML understood. */
const settings = `
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 13107200
SecResponseBodyMimeType text/plain text/html text/xml
SecRule REQUEST_HEADERS:Content-Type "^(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "^application/(?:[a-z0-9.-]+[+])?json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
`;

/** The Core Rule Set of a folder as it comes, at a paranoia level; throws when it doesn't load. */
export function loadCrs(folder: string, paranoia = 1): RuleSet {
  const setup = path.join(folder, 'crs-setup.conf.example');
  const before = `${settings}\nSecAction "id:200900,phase:1,pass,nolog,setvar:tx.paranoia_level=${paranoia},setvar:tx.blocking_paranoia_level=${paranoia},setvar:tx.detection_paranoia_level=${paranoia}"\n`;
  const sources = [{ name: path.join(folder, 'before'), text: before }, ...[setup, ...globSync(path.join(folder, 'rules/*.conf')).sort()].map((name) => ({ name, text: readFileSync(name, 'latin1') }))];
  const { ruleSet, problems } = loadRules(sources, { read: (name, from) => readFileSync(path.resolve(path.dirname(from), name), 'latin1'), glob: () => [] });
  if (problems.length > 0) throw new Error(problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'));
  return ruleSet;
}

const connection = { clientAddress: '192.0.2.7', clientPort: 40_000, serverAddress: '192.0.2.1', serverPort: 80 };
const answer = [{ name: 'Content-Type', value: 'text/html' }, { name: 'Content-Length', value: '21' }];
let serial = 0;

/** One whole transaction: five phases and a short answer. */
export function serve(ruleSet: RuleSet, { method, uri, headers, body }: Sample, plain = false, store: Store = memoryStore()): HttpTransaction {
  serial += 1;
  const tx = beginTransaction(ruleSet, { connection, id: `bench-${serial}`, now: Date.now, store, ...(plain ? { plain } : {}) });
  tx.requestLine(method, uri, '1.1');
  if (tx.requestHeaders(headers) === undefined && tx.requestBody(body) === undefined && tx.responseHeaders(200, '1.1', answer) === undefined && tx.wantsResponseBody()) tx.responseBody('<p>Thank you.</p>\n');
  tx.logging();
  return tx;
}
