/** The name PHP gives a parameter: leading spaces go, blanks, dots and an unclosed bracket become underscores. */
export function phpArgsNames(value: string): string {
  const name = value.replace(/^ +/, '');
  const open = name.indexOf('[');
  const close = open > 0 ? name.indexOf(']', open) : -1;
  if (open > 0 && close > 0) return name.slice(0, open).replace(/[ .]/g, '_') + name.slice(open, name.lastIndexOf(']') + 1);
  return name.replace(/[ .]/g, '_').replace('[', '_');
}
