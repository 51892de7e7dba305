import { isIP } from 'node:net';

/** The head of the PROXY protocol, version 1 (text) or 2 (binary). `source` is absent where the proxy speaks for itself. */
export type ProxyHead = { readonly length: number; readonly source: { readonly address: string; readonly port: number; readonly serverAddress: string; readonly serverPort: number } | undefined };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Version 1 says 107 bytes at most; version 2 has addresses of at most 216 bytes, then type-length-value fields. */
const most = { text: 107, binary: 16 + 2048 } as const;

/** 'more': the head isn't whole yet. 'refuse': there is none, or it is malformed. */
export function readProxyHead(bytes: Buffer): ProxyHead | 'more' | 'refuse' {
  if (bytes.subarray(0, signature.length).equals(signature.subarray(0, bytes.length))) return bytes.length < 16 ? 'more' : binaryHead(bytes);
  const start = bytes.toString('latin1', 0, most.text);
  if (!'PROXY '.startsWith(start.slice(0, 6))) return 'refuse';
  const end = start.indexOf('\r\n');
  if (end < 0) return bytes.length >= most.text ? 'refuse' : 'more';
  const words = start.slice(0, end).split(' ');
  if (words[1] === 'UNKNOWN') return { length: end + 2, source: undefined };
  const [, family, from = '', to = '', fromPort = '', toPort = ''] = words;
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
  if (words.length !== 6 || version === 0 || isIP(from) !== version || isIP(to) !== version || !isPort(fromPort) || !isPort(toPort)) return 'refuse';
  return { length: end + 2, source: { address: from, port: Number(fromPort), serverAddress: to, serverPort: Number(toPort) } };
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

function binaryHead(bytes: Buffer): ProxyHead | 'more' | 'refuse' {
  const version = bytes[12]! >> 4;
  const command = bytes[12]! & 15;
  const length = 16 + bytes.readUInt16BE(14);
  if (version !== 2 || command > 1 || length > most.binary) return 'refuse';
  if (bytes.length < length) return 'more';
  // LOCAL: a health check of the proxy itself.
  if (command === 0) return { length, source: undefined };
  const family = bytes[13]! >> 4;
  const size = family === 1 ? 4 : family === 2 ? 16 : 0;
  if (size === 0) return { length, source: undefined };
  if (length < 16 + 2 * size + 4) return 'refuse';
  const address = (at: number): string => (size === 4 ? [...bytes.subarray(at, at + 4)].join('.') : Array.from({ length: 8 }, (_, word) => bytes.readUInt16BE(at + word * 2).toString(16)).join(':'));
  return { length, source: { address: address(16), port: bytes.readUInt16BE(16 + 2 * size), serverAddress: address(16 + size), serverPort: bytes.readUInt16BE(18 + 2 * size) } };
}
