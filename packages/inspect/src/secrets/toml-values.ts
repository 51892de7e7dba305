/** A TOML table as parsed; its values are looked at through the functions below, which refuse nothing and guess nothing. */
export type Table = Readonly<Record<string, unknown>>;

export function asString(table: Table, key: string): string | undefined {
  const value = table[key];
  return typeof value === 'string' ? value : undefined;
}

export function asNumber(table: Table, key: string): number | undefined {
  const value = table[key];
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined;
}

export function asStrings(table: Table, key: string): string[] {
  const value = table[key];
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
}

export function asTable(table: Table, key: string): Table | undefined {
  const value = table[key];
  return isTable(value) ? value : undefined;
}

export function asTables(table: Table, key: string): Table[] {
  const value = table[key];
  return Array.isArray(value) ? value.filter(isTable) : [];
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
