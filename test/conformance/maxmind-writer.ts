// A MaxMind DB as its specification (version 2.0) lays it out: search tree, sixteen zero bytes, data, metadata. Only what
// the test data holds: maps, arrays, strings and unsigned numbers, 24-bit records, IPv6 networks.

type Value = string | number | Value[] | { [key: string]: Value };

function control(type: number, size: number): Buffer {
  if (size >= 285) throw new Error('too long for this writer');
  const low = size < 29 ? size : 29;
  const extra = size < 29 ? [] : [size - 29];
  return type > 7 ? Buffer.from([low, type - 7, ...extra]) : Buffer.from([(type << 5) | low, ...extra]);
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([control(2, bytes.length), bytes]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, item]) => [encode(key), encode(item)])]);
}

/** The bits of an address such as ::200.249.12.31. */
function bitsOf(address: string): number[] {
  const found = /^::(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (found === null) throw new Error(`not an address this writer reads: ${address}`);
  return [...Array<number>(96).fill(0), ...found.slice(1).flatMap((part) => Array.from({ length: 8 }, (_, bit) => (Number(part) >> (7 - bit)) & 1))];
}

/** Makes a database of the JSON form that MaxMind's own test writer reads: a list of {network: record}. */
export function geoDatabase(json: string): Buffer {
  const records = (JSON.parse(json) as Record<string, Value>[]).flatMap((entry) => Object.entries(entry));
  const data = records.map(([, value]) => encode(value));
  const nodes: (number | { readonly data: number } | undefined)[][] = [[undefined, undefined]];
  for (const [index, [network]] of records.entries()) {
    const [address = '', length = '128'] = network.split('/');
    const bits = bitsOf(address).slice(0, Number(length));
    let node = 0;
    for (const [at, bit] of bits.entries()) {
      if (at === bits.length - 1) nodes[node]![bit] = { data: index };
      else {
        let next = nodes[node]![bit];
        if (typeof next !== 'number') {
          next = nodes.push([undefined, undefined]) - 1;
          nodes[node]![bit] = next;
        }
        node = next;
      }
    }
  }
  const offsets = data.map((_, index) => data.slice(0, index).reduce((sum, one) => sum + one.length, 0));
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, node] of nodes.entries()) for (const [side, to] of node.entries()) tree.writeUIntBE(to === undefined ? nodes.length : typeof to === 'number' ? to : nodes.length + 16 + offsets[to.data]!, index * 6 + side * 3, 3);
  const metadata = encode({ node_count: nodes.length, record_size: 24, ip_version: 6, database_type: 'Test', languages: ['en'], binary_format_major_version: 2, binary_format_minor_version: 0, build_epoch: 1, description: { en: 'test' } });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}
