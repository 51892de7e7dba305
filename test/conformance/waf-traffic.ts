import { readFileSync, globSync } from 'node:fs';
import path from 'node:path';
import { fromUtf8 } from '@palisade/waf/bytes';
import { readCases } from '../../apps/cli/src/commands/waf/ftw-case.ts';
import { requestOf } from '../../apps/cli/src/commands/waf/ftw-request.ts';

/** One request as an engine gets it; bytes are latin1 strings. `kind` says where it is from. */
export type Sent = { readonly kind: string; readonly method: string; readonly uri: string; readonly version: string; readonly headers: { name: string; value: string }[]; readonly body: string };

/** A small generator of numbers (mulberry32), so that a seed names the whole traffic. */
export function randomness(seed: number): { below(limit: number): number; of<Item>(list: readonly Item[]): Item } {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, of: (list) => list[below(list.length)]! };
}

const agents = ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36', 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1', 'curl/8.7.1', 'okhttp/4.12.0', 'python-requests/2.32.3'];
const types = ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json', '*/*', 'image/avif,image/webp,*/*'];
const languages = ['zh-CN,zh;q=0.9,en;q=0.8', 'en-US,en;q=0.5', 'de', 'fr-FR,fr;q=0.9'];
const words = ['Anna', 'Müller', "O'Brien", '王小明', 'Select a file', 'the quick brown fox', 'union square', '10 % off & more', 'drop table tennis', 'a=b', '1 or 2 people', 'C:\\Users\\anna', '/etc/nginx', 'SELECT', 'order by date', '<b>bold</b>', 'x < y && y > z', 'e-mail@mail.example', '+49 30 123456', '2026-05-04T10:00:00Z', 'https://shop.example/item?id=7', '#hashtag', '100€', 'null', 'true', '-1', '3.14', 'SGVsbG8gd29ybGQ=', 'eyJhIjoxfQ', 'function of time', "it's 5 o'clock", 'cat dog; bird', 'sleep well', 'benchmark (fast)', 'char(65)', 'javascript developer', 'on sale = yes', 'echo park', 'ping pong', 'line one\nline two', '"quoted"', "\u00a0", '日本語テキスト', '🙂', 'admin', 'password1', 'file.php', 'report.pdf', '../images/a.png', '${name}', '{{title}}'];
const names = ['q', 'name', 'email', 'id', 'page', 'sort', 'comment', 'title', 'user[name]', 'items[]', 'a.b', 'text', 'date', 'url', 'csrf_token', 'redirect', 'lang', 'filter', 'order', 'file'];
const paths = ['/', '/index.html', '/shop/list', '/api/v1/items', '/login', '/search', '/a/b/c.php', '/static/app.js', '/wp-admin/post.php', '/graphql', '/user/42/edit', '/%E4%BD%A0%E5%A5%BD', '/x%20y/z'];

export type Carrier = 'query' | 'form' | 'json' | 'multipart' | 'xml' | 'cookie' | 'header' | 'path';
export const carriers: readonly Carrier[] = ['query', 'form', 'json', 'multipart', 'xml', 'cookie', 'header', 'path'];

const encode = (text: string): string => [...Buffer.from(text, 'latin1')].map((byte) => (/[A-Za-z0-9_.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : byte === 32 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');

/** A request that carries named values; values are latin1 bytes. */
export function carry(kind: string, carrier: Carrier, pairs: readonly (readonly [string, string])[], random: ReturnType<typeof randomness>): Sent {
  const headers = [{ name: 'Host', value: 'shop.example' }, { name: 'User-Agent', value: random.of(agents) }, { name: 'Accept', value: random.of(types) }, { name: 'Accept-Language', value: random.of(languages) }];
  const query = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const place = random.of(paths);
  const get = (uri: string): Sent => ({ kind, method: 'GET', uri, version: '1.1', headers, body: '' });
  const post = (type: string, body: string): Sent => ({ kind, method: random.of(['POST', 'POST', 'POST', 'PUT']), uri: place, version: '1.1', headers: [...headers, { name: 'Content-Type', value: type }, { name: 'Content-Length', value: String(body.length) }], body });
  const json = (text: string): string => JSON.stringify(Buffer.from(text, 'latin1').toString('utf8'));
  switch (carrier) {
    case 'query': return get(`${place}?${query}`);
    case 'path': return get(`/item/${pairs.map(([, value]) => encode(value)).join('/')}`);
    case 'form': return post('application/x-www-form-urlencoded', query);
    case 'json': return post('application/json', fromUtf8(`{${pairs.map(([name, value], at) => `${JSON.stringify(`${name}${at}`)}:${at % 3 === 2 ? `[${json(value)},{"v":${at}}]` : json(value)}`).join(',')}}`));
    case 'multipart': {
      const boundary = `----form${random.below(1e9).toString(36)}`;
      return post(`multipart/form-data; boundary=${boundary}`, `${pairs.map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name.replace(/["\\]/g, '')}"\r\n\r\n${value}\r\n`).join('')}--${boundary}--\r\n`);
    }
    case 'xml': return post('text/xml', `<?xml version="1.0"?><r>${pairs.map(([, value]) => `<v a="1">${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, ' ')}</v>`).join('')}</r>`);
    case 'cookie': headers.push({ name: 'Cookie', value: pairs.map(([name, value]) => `${name.replace(/[^\w]/g, '')}=${encode(value)}`).join('; ') }); return get(place);
    case 'header': headers.push({ name: 'Referer', value: `http://other.example/?${query}` }, { name: 'X-Note', value: (pairs[0]?.[1] ?? '').replace(/[\r\n\0]/g, ' ').trim() }); return get(place);
  }
}

/** Ordinary traffic: names, sentences, numbers and dates of many kinds in every place of a request. */
export function ordinary(count: number, seed: number): Sent[] {
  const random = randomness(seed);
  return Array.from({ length: count }, () => carry('ordinary', random.of(carriers), Array.from({ length: 1 + random.below(6) }, () => [random.of(names), fromUtf8(random.below(4) === 0 ? `${random.of(words)} ${random.of(words)}` : random.of(words))] as const), random));
}

/** Lines of libinjection's lists, one value a request. */
export function listed(folder: string, count: number, seed: number): Sent[] {
  const random = randomness(seed);
  const lines = globSync('*.txt', { cwd: path.join(folder, 'data') }).sort().flatMap((file) => readFileSync(path.join(folder, 'data', file), 'latin1').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [file, line] as const));
  return Array.from({ length: count }, () => {
    const [file, line] = random.of(lines);
    // The lists are written as they stand in a query.
    const value = Buffer.from(line.replace(/\+/g, ' ').replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('latin1');
    return carry(file, random.of(carriers), [[random.of(names), value]], random);
  });
}

/** What CRS's own tests send. */
export function suite(folder: string): Sent[] {
  return globSync(path.join(folder, '**/*.yaml')).filter((file) => !file.endsWith('-overrides.yaml')).sort().flatMap((file) => readCases(file).flatMap((test) => test.stages.flatMap(({ input }) => {
    const request = requestOf(input, test.form);
    return request === undefined || request.protocol === '' ? [] : [{ kind: test.title, method: request.method, uri: request.uri, version: request.version, headers: request.headers, body: request.body }];
  })));
}
