export function removeWhitespace(value: string): string {
  return value.replace(/[\t-\r \xa0]+/g, '');
}
