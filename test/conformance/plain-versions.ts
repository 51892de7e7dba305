// Version orders written a second time, in another way than packages/version does it, so that the reference matcher
// does not share its mistakes: each version becomes a list of keys that compare by themselves.

type Key = readonly (number | bigint)[];

/** dpkg's order as a sort key: every non-digit run character by character, every digit run as one big number. */
function debKey(part: string): Key {
  const key: (number | bigint)[] = [];
  for (const [, letters = '', digits = ''] of part.matchAll(/([^0-9]*)([0-9]*)/g)) {
    for (const letter of letters) key.push(letter === '~' ? -1 : /[a-zA-Z]/.test(letter) ? letter.charCodeAt(0) : letter.charCodeAt(0) + 256);
    // The end of a run sorts after "~" and before everything else.
    key.push(0, BigInt(digits === '' ? '0' : digits));
  }
  return key;
}

function byKey(a: Key, b: Key): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const left = a[at] ?? 0;
    const right = b[at] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

export function plainDeb(a: string, b: string): number {
  const split = (text: string): [bigint, string, string] => {
    const [, epoch = '0', upstream = '', revision = '0'] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(text) ?? [];
    return [BigInt(epoch), upstream, revision];
  };
  const [x, y] = [split(a), split(b)];
  if (x[0] !== y[0]) return x[0] < y[0] ? -1 : 1;
  return byKey(debKey(x[1]), debKey(y[1])) || byKey(debKey(x[2]), debKey(y[2]));
}
