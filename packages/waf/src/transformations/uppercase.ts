export function uppercase(value: string): string {
  return value.replace(/[a-z]+/g, (run) => run.toUpperCase());
}
