/** The name PHP gives a parameter: leading spaces go; before the first bracket blanks and dots become underscores; an unclosed bracket becomes one; a name that starts with a bracket is dropped. */
export function phpArgsNames(value: string): string {
  const name = value.replace(/^ +/, '');
  const open = name.indexOf('[');
  if (open === 0) return '';
  if (open < 0) return name.replace(/[ .]/g, '_');
  const before = name.slice(0, open).replace(/[ .]/g, '_');
  return name.includes(']', open) ? before + name.slice(open, name.lastIndexOf(']') + 1) : `${before}_${name.slice(open + 1)}`;
}
