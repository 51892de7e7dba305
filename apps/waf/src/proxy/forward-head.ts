import type { RequestHead } from '../http1/head.ts';
import type { Site } from '../inspection/site.ts';

export type Peer = { readonly address: string; readonly port: number; readonly secure: boolean };
/** With the address the client connected to. */
export type ConnectedPeer = Peer & { readonly serverAddress: string; readonly serverPort: number };

const hop = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'expect']);

/**
 * The head as the application gets it. Bytes stay as they were sent wherever they can; what concerns this hop only is
 * taken out, and so is any upgrade but WebSocket: after "Upgrade: h2c" nothing would be inspected any more.
 */
export function forwardHead(head: RequestHead, site: Site, peer: Peer): string {
  const named = head.connection.filter((word) => word !== 'keep-alive' && word !== 'close' && word !== 'upgrade' && word !== '');
  const simple = named.length === 0 && head.upgrade === undefined && !head.expectsContinue && !head.connection.includes('close') && !head.connection.includes('upgrade');
  const claimsSource = site.forwarded && /\r\nx-forwarded-(?:for|proto):/i.test(head.text);
  const added = site.forwarded ? forwardedFields(head, site, peer) : '';
  if (simple && !claimsSource) return `${head.text}${head.text.endsWith('\r\n') ? '' : '\r\n'}${added}\r\n`;
  const websocket = head.upgrade === 'websocket';
  let text = `${head.method} ${head.target} HTTP/1.${head.minor}\r\n`;
  for (const { name, value } of head.headers) {
    const word = name.toLowerCase();
    if (hop.has(word) || named.includes(word) || (site.forwarded && (word === 'x-forwarded-for' || word === 'x-forwarded-proto'))) continue;
    text += `${name}: ${value}\r\n`;
  }
  if (websocket) text += 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  else if (head.minor === 0) text += 'Connection: keep-alive\r\n';
  return `${text}${added}\r\n`;
}

function forwardedFields(head: RequestHead, site: Site, peer: Peer): string {
  const before = site.trusts(peer.address) ? head.headers.filter(({ name }) => name.toLowerCase() === 'x-forwarded-for').map(({ value }) => value) : [];
  const proto = site.trusts(peer.address) ? head.headers.find(({ name }) => name.toLowerCase() === 'x-forwarded-proto')?.value : undefined;
  return `X-Forwarded-For: ${[...before, peer.address].join(', ')}\r\nX-Forwarded-Proto: ${proto ?? (peer.secure ? 'https' : 'http')}\r\n`;
}

/** Who asks: the peer, or behind trusted proxies the nearest address that isn't one of them. */
export function clientAddress(head: RequestHead, site: Site, peer: Peer): string {
  if (!site.trusts(peer.address)) return peer.address;
  const hops = head.headers.filter(({ name }) => name.toLowerCase() === 'x-forwarded-for').flatMap(({ value }) => value.split(',').map((part) => part.trim()));
  for (const address of hops.reverse()) if (!site.trusts(address)) return address;
  return peer.address;
}
