import { addressText } from '../descriptor/address.ts';

/** What a DNS message asked and answered. `addresses` are those of A and AAAA answers, whatever aliases led to them. */
export type DnsMessage = { readonly question: string; readonly type: number; readonly answer: boolean; readonly addresses: readonly string[] };

/** Labels of one name, jumps included: a name that points at itself must end. */
const maxLabels = 128;
const maxAnswers = 256;

/** Reads a DNS message from its header on (RFC 1035). Undefined for what is none, or was cut before its question ends. */
export function parseDns(bytes: Buffer): DnsMessage | undefined {
  if (bytes.length < 17 || bytes.readUInt16BE(4) === 0) return undefined;
  const question = readName(bytes, 12);
  if (question === undefined || question.next + 4 > bytes.length) return undefined;
  const addresses: string[] = [];
  const answers = Math.min(bytes.readUInt16BE(6), maxAnswers);
  let at = question.next + 4;
  // Only the first question counts: resolvers send one.
  if (bytes.readUInt16BE(4) === 1) {
    for (let index = 0; index < answers; index += 1) {
      const name = readName(bytes, at);
      if (name === undefined || name.next + 10 > bytes.length) break;
      const type = bytes.readUInt16BE(name.next);
      const length = bytes.readUInt16BE(name.next + 8);
      const data = name.next + 10;
      if (data + length > bytes.length) break;
      if (type === 1 && length === 4) addresses.push(addressText(bytes, data, false));
      if (type === 28 && length === 16) addresses.push(addressText(bytes, data, true));
      at = data + length;
    }
  }
  return { question: question.name, type: bytes.readUInt16BE(question.next), answer: (bytes.readUInt8(2) & 0x80) !== 0, addresses };
}

const typeNames: Readonly<Record<number, string>> = { 1: 'A', 2: 'NS', 5: 'CNAME', 6: 'SOA', 10: 'NULL', 12: 'PTR', 15: 'MX', 16: 'TXT', 28: 'AAAA', 33: 'SRV', 35: 'NAPTR', 65: 'HTTPS', 255: 'ANY' };

/** What a rule may ask of a question. `zone`: its last two labels, three where the second looks like a registry's (co.uk). */
export function questionArguments({ question, type }: Pick<DnsMessage, 'question' | 'type'>): Readonly<Record<'name' | 'zone' | 'qtype', string> & { label: number }> {
  const labels = question.split('.');
  const [second = '', last = ''] = labels.slice(-2);
  return {
    name: question,
    zone: labels.slice(last.length === 2 && second.length <= 3 ? -3 : -2).join('.'),
    label: labels.reduce((longest, label) => Math.max(longest, label.length), 0),
    qtype: typeNames[type] ?? String(type),
  };
}

function readName(bytes: Buffer, from: number): { readonly name: string; readonly next: number } | undefined {
  const labels: string[] = [];
  let at = from;
  let next = -1;
  for (let step = 0; step < maxLabels; step += 1) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels.join('.').toLowerCase(), next: next < 0 ? at + 1 : next };
    if (length >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return undefined;
      if (next < 0) next = at + 2;
      at = ((length & 0x3f) << 8) | low;
    } else {
      if (length > 63 || at + 1 + length > bytes.length) return undefined;
      labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
  return undefined;
}
