/** Runs of white space, no-break space included, become one space. */
export function compressWhitespace(value: string): string {
  return value.replace(/[\t-\r \xa0]+/g, ' ');
}
