/** Well-formed UTF-8 sequences become %uHHHH; everything else stays. */
export function utf8toUnicode(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  return value.replace(
    /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/g,
    (sequence) => `%u${Buffer.from(sequence, 'latin1').toString('utf8').codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}
