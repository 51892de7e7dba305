/** Drops the marks of comments, keeping what they enclose. */
export function removeCommentsChar(value: string): string {
  return value.replace(/\/\*|\*\/|<!--|-->|--|#/g, '');
}
