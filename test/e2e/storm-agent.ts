// An agent process for tests: the real agent's identity, spool and delivery, with a source of items that never rests.
// Each item's id is written to the file FOLDER/acknowledged once the spool has it. SIGTERM: no new items, the spool
// is emptied, then it ends.
import { appendFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { deliver } from '@palisade/app-agent/gateway/deliver';
import { createDoorbell } from '@palisade/app-agent/gateway/doorbell';
import { enrol, loadIdentity } from '@palisade/app-agent/gateway/identity';
import { openSpool } from '@palisade/app-agent/spool/spool';
import { containerItem } from './console-documents.ts';

const folder = process.argv[2] ?? '';
const ending = new AbortController();
const identity = loadIdentity(folder) ?? (await enrol(folder, process.env['PALISADE_JOIN'] ?? '', { name: 'storm' }, 'test', ending.signal));
const spool = openSpool(path.join(folder, 'spool'));
const doorbell = createDoorbell();
const run = `${process.pid}-${Date.now()}`;
let n = 0;

function append(): void {
  for (let more = 0; more < 2; more += 1) {
    n += 1;
    const at = new Date().toISOString();
    const name = `${run}-${n}`;
    const item = n % 4 === 0 ? containerItem(name, 'storm', 'running', at) : { id: name, kind: 'from-the-future', at, body: { n } };
    spool.append(item);
    appendFileSync(path.join(folder, 'acknowledged'), `${item.id}\n`);
  }
  doorbell.ring();
}
const source = setInterval(append, 40);
const sync = setInterval(() => spool.sync(), 1000);
process.on('SIGTERM', () => {
  clearInterval(source);
  setInterval(() => {
    if (spool.next() === undefined) ending.abort();
  }, 50).unref();
});
process.stdout.write(`storm: ${identity.node}\n`);
// It will be killed, and could not write it then.
flushCompileCache();
await deliver({ spool, doorbell, who: () => ({ url: identity.url, credentials: identity }), signal: ending.signal, longestPause: 300, log: (message) => void process.stdout.write(`${message}\n`) });
clearInterval(sync);
spool.close();
