export function length(value: string): string {
  return String(value.length);
}
