import { isIPv4, isIPv6 } from 'node:net';

type Address = { readonly v6: boolean; readonly bits: bigint };
type Network = { readonly v6: boolean; readonly bits: bigint; readonly length: number };

/** An address as a number; v4-mapped v6 addresses are v4. Undefined when the text is no address. */
function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { v6: false, bits: BigInt(v4(text)) };
  if (!isIPv6(text)) return undefined;
  const bits = v6(text.replace(/%.*$/, ''));
  return bits >> 32n === 0xffffn ? { v6: false, bits: bits & 0xffffffffn } : { v6: true, bits };
}

function v4(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function v6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const plain = dotted === null ? text : `${dotted[1] ?? ''}${(v4(dotted[2] ?? '') >>> 16).toString(16)}:${(v4(dotted[2] ?? '') & 0xffff).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].reduce((sum, part) => (sum << 16n) | BigInt(Number.parseInt(part, 16)), 0n);
}

/** "10.0.0.0/8", "fd00::/8", or a single address. Throws on anything else. */
function parseNetwork(text: string): Network {
  const [address = '', length] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`"${text}" is no IP address or network`);
  const width = parsed.v6 ? 128 : 32;
  const bits = length === undefined ? width : Number(length);
  if (!Number.isInteger(bits) || bits < 0 || bits > width || length === '') throw new Error(`"${text}" has no prefix length from 0 to ${width}`);
  return { v6: parsed.v6, bits: parsed.bits >> BigInt(width - bits), length: bits };
}

/** Addresses whose answer one list of networks keeps. Beyond, all are forgotten. */
const maxKnown = 4096;

/** True for addresses in one of the networks. Throws when one of them can't be read. */
export function networkMatcher(texts: readonly string[]): (address: string) => boolean {
  const networks = texts.map(parseNetwork);
  // The same peers come again and again; parsing one takes a microsecond, a look-up twenty nanoseconds.
  const known = new Map<string, boolean>();
  return (text) => {
    let within = known.get(text);
    if (within === undefined) {
      const address = parseAddress(text);
      within = address !== undefined && networks.some((network) => network.v6 === address.v6 && address.bits >> BigInt((network.v6 ? 128 : 32) - network.length) === network.bits);
      if (known.size >= maxKnown) known.clear();
      known.set(text, within);
    }
    return within;
  };
}
