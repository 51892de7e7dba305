import { BlockList, isIP } from 'node:net';
import type { Matcher, Operator } from './operator.ts';

/** A dotted quad as a number, or -1 for anything else. */
function numberOf(address: string): number {
  let number = 0;
  let part = -1;
  let dots = 0;
  for (let at = 0; at < address.length; at += 1) {
    const code = address.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      if (part === 0) return -1;
      part = part < 0 ? code - 48 : part * 10 + code - 48;
      if (part > 255) return -1;
    } else if (code === 46 && part >= 0) {
      number = number * 256 + part;
      part = -1;
      dots += 1;
    } else return -1;
  }
  return dots === 3 && part >= 0 ? number * 256 + part : -1;
}

function matcher(entries: readonly string[]): Matcher {
  const list = new BlockList();
  // IPv4 addresses are compared as numbers: a call of the list costs more than all of that. Networks of IPv6 that hold
  // mapped addresses leave it to the list.
  const quads: { readonly first: number; readonly last: number }[] = [];
  let mapped = false;
  for (const raw of entries) {
    const entry = raw.trim();
    if (entry === '') continue;
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0) throw new Error(`"${entry}" is neither an address nor a network`);
    const width = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? width : Number(bits);
    if (!Number.isInteger(prefix) || prefix < 0 || prefix > width) throw new Error(`"${entry}" has a bad prefix length`);
    const size = 2 ** (32 - prefix);
    if (family === 4) quads.push({ first: Math.floor(numberOf(address) / size) * size, last: Math.floor(numberOf(address) / size) * size + size - 1 });
    else mapped ||= prefix < 96 || /ffff/i.test(address);
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return (value) => {
    const number = mapped ? -1 : numberOf(value);
    if (number >= 0) return quads.some(({ first, last }) => number >= first && number <= last);
    const family = isIP(value);
    return family !== 0 && list.check(value, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Addresses and networks, v4 and v6, separated by commas. */
export const ipMatch: Operator = (param) => matcher(param.split(','));

/** ipMatch with one entry a line. */
export const ipMatchFromFile: Operator = (param, context) =>
  matcher(context.readFile(param.trim()).split(/\r?\n/).map((line) => line.replace(/#.*/, '')));
