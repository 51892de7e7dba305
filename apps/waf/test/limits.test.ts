import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WafEvent } from '@palisade/model/waf-event';
import { memoryStore } from '@palisade/waf/engine/store';
import { loadRules } from '@palisade/waf/load';
import { fuzz } from '../../../test/fuzz.ts';
import { readRequestHead } from '../src/http1/head.ts';
import { inspect } from '../src/inspection/inspection.ts';
import { newStats, siteRules } from '../src/inspection/site.ts';
import type { Site } from '../src/inspection/site.ts';
import { upstreamPool } from '../src/proxy/upstream.ts';
import { baseSettings } from '../src/serve/settings.ts';

const { ruleSet } = loadRules(
  [{ name: 'base', text: baseSettings(1) }, { name: 'own', text: 'SecRule ARGS|ARGS_NAMES|REQUEST_COOKIES|XML:/*|XML://@*|FILES "@contains attack" "id:1,phase:2,deny,status:403,log,msg:\'An attack\'"' }],
  { read: () => '', glob: () => [] },
);
const rules = siteRules(ruleSet);

/** Whether a request was stopped, and the event that tells of it. */
function send(mode: 'block' | 'detect', head: string, body: string): { stopped: boolean; events: WafEvent[] } {
  const events: WafEvent[] = [];
  const site: Site = {
    name: 's', rules, modeOf: () => mode, upstream: upstreamPool((_peer, _half, opened) => opened(new Error('none'))), store: memoryStore(), forwarded: false, trusts: () => false, proxyProtocol: false, tls: undefined, uninspected: 'refuse',
    stats: newStats(), event: (event) => void events.push(event),
  };
  const inspection = inspect(site, readRequestHead(`${head}\r\nHost: a`), { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 });
  const found = inspection.requestHead() ?? inspection.requestBody(body);
  inspection.finish(found?.status ?? 200, found !== undefined);
  return { stopped: found !== undefined, events };
}

const type = (word: string): string => `POST /x HTTP/1.1\r\nContent-Type: ${word}`;
const noise = (count: number, one: (at: number) => string): string[] => Array.from({ length: count }, (_, at) => one(at));
const part = (name: string, value: string): string => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

/** Requests with an attack behind so much noise. */
const shapes: Readonly<Record<string, (count: number) => readonly [head: string, body: string]>> = {
  query: (count) => [`GET /x?${[...noise(count, (at) => `a${at}`), 'z=attack'].join('&')} HTTP/1.1`, ''],
  form: (count) => [type('application/x-www-form-urlencoded'), [...noise(count, () => 'a=1'), 'z=attack'].join('&')],
  'form with a long value': (count) => [type('application/x-www-form-urlencoded'), `a=${'x'.repeat(count * 100)}&z=attack`],
  'query and form': (count) => [`POST /x?${noise(count, () => 'a').join('&')} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded`, 'z=attack'],
  'JSON leaves': (count) => [type('application/json'), JSON.stringify([...noise(count, String), 'attack'])],
  'JSON depth': (count) => [type('application/json'), `${'['.repeat(count)}"attack"${']'.repeat(count)}`],
  'JSON of one name': (count) => [type('application/json'), `{${[...noise(count, () => '"a":1'), '"a":"attack"'].join(',')}}`],
  'multipart fields': (count) => [type('multipart/form-data; boundary=b'), `${noise(count, (at) => part(`a${at}`, 'x')).join('')}${part('z', 'attack')}--b--\r\n`],
  'multipart files': (count) => [type('multipart/form-data; boundary=b'), `${noise(Math.ceil(count / 10), (at) => `--b\r\nContent-Disposition: form-data; name="f${at}"; filename="x"\r\n\r\nx\r\n`).join('')}--b\r\nContent-Disposition: form-data; name="f"; filename="attack"\r\n\r\nx\r\n--b--\r\n`],
  'XML depth': (count) => [type('text/xml'), `${'<a>'.repeat(count)}attack${'</a>'.repeat(count)}`],
  'XML elements': (count) => [type('text/xml'), `<a>${'<b/>'.repeat(count)}<c d="attack"/></a>`],
  'XML entities': (count) => [type('text/xml'), `<!DOCTYPE a [<!ENTITY e "${'x'.repeat(count * 10)}"><!ENTITY f "&e;&e;&e;&e;"><!ENTITY g "&f;&f;&f;&f;"><!ENTITY z "&g;attack">]><a>&z;</a>`],
  cookies: (count) => [`GET /x HTTP/1.1\r\nCookie: ${[...noise(count, (at) => `a${at}=1`), 'z=attack'].join('; ')}`, ''],
};

describe('an attack behind a limit', () => {
  it.each(Object.entries(shapes))('is stopped, whatever stands before it: %s', (_, shape) => {
    fc.assert(
      fc.property(fc.oneof(fc.nat({ max: 40 }), fc.integer({ min: 990, max: 1010 }), fc.integer({ min: 1300, max: 1320 })), (count) => {
        const { stopped, events } = send('block', ...shape(count));
        expect([stopped, events.map(({ action }) => action)]).toEqual([true, ['blocked']]);
        const watched = send('detect', ...shape(count));
        expect([watched.stopped, watched.events.length, (watched.events[0]?.matches.length ?? 0) + (watched.events[0]?.gaps.length ?? 0) > 0]).toEqual([false, 1, true]);
      }),
      fuzz(6),
    );
  });
});
