const named: Readonly<Record<string, number>> = { quot: 34, amp: 38, lt: 60, gt: 62, nbsp: 160 };
const entity = /&(?:#[xX]([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z0-9]+));?/g;

/** Numeric references (their low byte) and the five names that matter for markup; the semicolon may be missing. */
export function htmlEntityDecode(value: string): string {
  if (!value.includes('&')) return value;
  return value.replace(entity, (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
    if (name !== undefined) {
      const code = named[name.toLowerCase()];
      return code === undefined ? whole : String.fromCharCode(code);
    }
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    // strtol saturates at LONG_MAX, whose low byte is 255.
    return String.fromCharCode(code > Number.MAX_SAFE_INTEGER ? 255 : Number(BigInt(code) & 255n));
  });
}
