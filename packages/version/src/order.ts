/** Order of two strings by UTF-16 code unit, which for ASCII is byte order. Never by locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Order of two runs of decimal digits by value, without converting: versions such as 20240131123456789012 do
 * not fit a double. The empty run is zero.
 */
export function compareDigits(a: string, b: string): number {
  const left = withoutZeros(a);
  const right = withoutZeros(b);
  return left.length - right.length || compareText(left, right);
}

/** Order of two lists item by item; where one ends first, `absent` says how the other's next item compares with nothing. */
export function compareLists<Item>(a: readonly Item[], b: readonly Item[], compare: (x: Item, y: Item) => number, absent: (item: Item) => number): number {
  for (let i = 0; i < a.length || i < b.length; i += 1) {
    const x = a[i];
    const y = b[i];
    const order = x === undefined ? -absent(y as Item) : y === undefined ? absent(x) : compare(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

function withoutZeros(digits: string): string {
  let start = 0;
  while (start < digits.length && digits.charCodeAt(start) === 48) start += 1;
  return start === 0 ? digits : digits.slice(start);
}
