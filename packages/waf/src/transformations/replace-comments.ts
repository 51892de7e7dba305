/** Each C comment becomes one space; an unclosed one too. */
export function replaceComments(value: string): string {
  return value.includes('/*') ? value.replace(/\/\*[^]*?(?:\*\/|$)/g, ' ') : value;
}
