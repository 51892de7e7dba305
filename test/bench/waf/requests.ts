import type { Named } from '@palisade/waf/engine/transaction';

/** One request as a transport would hand it to the engine. */
export type Sample = { readonly method: string; readonly uri: string; readonly headers: readonly Named[]; readonly body: string };
export const kinds = ['GET', 'GET with 10 arguments', 'form with 20 fields', 'JSON with 300 leaves'] as const;
export type Kind = (typeof kinds)[number];

const words = 'account address amount basket brand browser button camera card city client color comment company contact country coupon currency customer date delivery detail discount email event family field filter first format garden group height holiday image invoice item keyword language last letter level limit list local login market member message mobile model month movie music name nature network number offer office option order owner page paper parent partner payment people person phone photo place player point price product profile project public quality quantity question reason record region report result review school search season section service shipping size sort source status store street style subject summer system table team term ticket title total travel update user value vendor version video village visit weather website week weight window winter world year'.split(' ');

/** A small generator of numbers (mulberry32), so that two runs send the same requests. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;
const pick = (random: Random): string => words[random(words.length)]!;
const id = (random: Random): string => random(0x7fffffff).toString(36) + random(0x7fffffff).toString(36);
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** What people type: words, names, numbers, dates, mail addresses, identifiers, a sentence. No two are equal. */
function value(random: Random): string {
  switch (random(8)) {
    case 0: return `${pick(random)}${random(1_000_000)}`;
    case 1: return `${capital(pick(random))} ${capital(pick(random))} ${random(100_000)}`;
    case 2: return String(random(0x7fffffff));
    case 3: return `20${10 + random(20)}-${10 + random(3)}-${10 + random(19)} ${id(random).slice(0, 5)}`;
    case 4: return `${pick(random)}.${id(random)}@${pick(random)}.example`;
    case 5: return id(random);
    case 6: return `${random(10_000)}.${random(10_000)}`;
    default: return `${capital(pick(random))} ${pick(random)} ${pick(random)} ${pick(random)}, ${pick(random)} ${random(100_000)}.`;
  }
}

function shuffle<Item>(items: Item[], random: Random): Item[] {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = random(at + 1);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}

function headers(random: Random, more: readonly Named[]): Named[] {
  const version = `${90 + random(50)}.0.${random(7000)}.${random(300)}`;
  const system = ['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64'][random(3)]!;
  return shuffle([
    { name: 'Host', value: `www.${pick(random)}.example` },
    { name: 'User-Agent', value: `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36` },
    { name: 'Accept', value: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8' },
    { name: 'Accept-Language', value: ['en-US,en;q=0.9', 'zh-CN,zh;q=0.9,en;q=0.8', 'de-DE,de;q=0.7'][random(3)]! },
    { name: 'Accept-Encoding', value: 'gzip, deflate, br' },
    { name: 'Cookie', value: `session=${id(random)}${id(random)}; theme=${pick(random)}${random(1000)}` },
    { name: 'Referer', value: `https://www.${pick(random)}.example/${pick(random)}/${random(100_000)}` },
    { name: 'Connection', value: 'keep-alive' }, ...more,
  ], random);
}

const pairs = (random: Random, count: number): string => Array.from({ length: count }, () => `${pick(random)}${random(1000)}=${encodeURIComponent(value(random)).replaceAll('%20', '+')}`).join('&');
const path = (random: Random): string => `/${pick(random)}/${pick(random)}-${random(1_000_000)}/${id(random)}`;

function json(random: Random, leaves: number): string {
  const item = (): unknown => ({ id: random(0x7fffffff), name: value(random), mail: value(random), active: random(2) === 0, price: random(10_000) / 100, tags: [pick(random), id(random)], note: value(random), seen: `20${10 + random(20)}-11-${10 + random(19)}`, ref: id(random) });
  return JSON.stringify({ items: Array.from({ length: Math.round(leaves / 10) }, item) });
}

export function request(kind: Kind, random: Random): Sample {
  const posted = (type: string, body: string): Sample => ({ method: 'POST', uri: path(random), body, headers: headers(random, [{ name: 'Content-Type', value: type }, { name: 'Content-Length', value: String(body.length) }]) });
  switch (kind) {
    case 'GET': return { method: 'GET', uri: path(random), headers: headers(random, []), body: '' };
    case 'GET with 10 arguments': return { method: 'GET', uri: `${path(random)}?${pairs(random, 10)}`, headers: headers(random, []), body: '' };
    case 'form with 20 fields': return posted('application/x-www-form-urlencoded', pairs(random, 20));
    case 'JSON with 300 leaves': return posted('application/json', json(random, 300));
  }
}

/** A form whose body is about `size` bytes: one long text among short fields. */
export function sized(random: Random, size: number): Sample {
  const parts: string[] = [];
  let length = 0;
  while (length < size) {
    parts.push(value(random).replace(/[^A-Za-z0-9 .]/g, ''));
    length += parts.at(-1)!.length + 1;
  }
  const body = `title=${pick(random)}&text=${parts.join('+').replaceAll(' ', '+')}`;
  return { method: 'POST', uri: path(random), body, headers: headers(random, [{ name: 'Content-Type', value: 'application/x-www-form-urlencoded' }, { name: 'Content-Length', value: String(body.length) }]) };
}
