import { BlockList, isIP } from 'node:net';
import type { Matcher, Operator } from './operator.ts';

function matcher(entries: readonly string[]): Matcher {
  const list = new BlockList();
  for (const raw of entries) {
    const entry = raw.trim();
    if (entry === '') continue;
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0) throw new Error(`"${entry}" is neither an address nor a network`);
    const width = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? width : Number(bits);
    if (!Number.isInteger(prefix) || prefix < 0 || prefix > width) throw new Error(`"${entry}" has a bad prefix length`);
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return (value) => {
    const family = isIP(value);
    return family !== 0 && list.check(value, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Addresses and networks, v4 and v6, separated by commas. */
export const ipMatch: Operator = (param) => matcher(param.split(','));

/** ipMatch with one entry a line. */
export const ipMatchFromFile: Operator = (param, context) =>
  matcher(context.readFile(param.trim()).split(/\r?\n/).map((line) => line.replace(/#.*/, '')));
