import { memoryStore } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { RuleSet } from '@palisade/waf/load';
import type { Mode } from '../inspection/event.ts';
import { siteRules } from '../inspection/site.ts';
import type { SiteRules } from '../inspection/site.ts';

const rounds = 8;
const connection = { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 };
const text = 'Select a file: <b>/etc/../x</b> or 1=1; $(id) \'"&amp; {{7*7}}';
const values = ['Anna 1878', 'a.b@mail.example', '2026-05-04', encodeURIComponent(text)];
const query = values.map((value, index) => `q${index}=${value.replaceAll(' ', '+')}`).join('&');
const requests = [
  { method: 'GET', uri: '/', type: undefined, body: '' },
  { method: 'GET', uri: `/list/item.html?${query}`, type: undefined, body: '' },
  { method: 'POST', uri: '/form', type: 'application/x-www-form-urlencoded', body: query },
  { method: 'POST', uri: '/api', type: 'application/json', body: JSON.stringify({ list: [...values, text].map((value, id) => ({ id, value })) }) },
];

/** Both forms of a set, ready for the first client. */
export function warmRules(ruleSet: RuleSet, mode: Mode): SiteRules {
  const rules = siteRules(ruleSet);
  if (mode !== 'off') warmUp(mode === 'block' ? rules.block : rules.detect);
  return rules;
}

/** Compiles a rule set and the patterns ordinary requests meet, so that the first client doesn't wait for it. Leaves nothing behind but that. */
function warmUp(ruleSet: RuleSet): void {
  const store = memoryStore();
  for (let round = 0; round < rounds; round += 1) {
    for (const { method, uri, type, body } of requests) {
      const tx = beginTransaction(ruleSet, { connection, id: 'warm-up', now: Date.now, store });
      tx.requestLine(method, uri, '1.1');
      const headers = [{ name: 'Host', value: 'localhost' }, { name: 'User-Agent', value: 'Mozilla/5.0 (X11; Linux x86_64)' }, { name: 'Accept', value: '*/*' }, { name: 'Cookie', value: 'session=5f3a9c' }, ...(type === undefined ? [] : [{ name: 'Content-Type', value: type }, { name: 'Content-Length', value: String(body.length) }])];
      if (tx.requestHeaders(headers) === undefined && tx.requestBody(body) === undefined && tx.responseHeaders(200, '1.1', [{ name: 'Content-Type', value: 'text/html' }]) === undefined) tx.responseBody('<p>Thank you.</p>');
      tx.logging();
    }
  }
}
