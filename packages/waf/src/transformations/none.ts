/** Clears the transformations before it; by itself it changes nothing. */
export function none(value: string): string {
  return value;
}
