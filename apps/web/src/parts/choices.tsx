import { Input, Select } from 'antd';
import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { useFilters } from './filters.ts';

/** A filter of a list with a fixed set of values, kept in the URL; the empty value is "any". */
export function Choice({ name, label, options, width = 170 }: { name: string; label: string; options: readonly { value: string; label: string }[]; width?: number }): ReactNode {
  const { get, set } = useFilters();
  return <Select style={{ width }} aria-label={label} value={get(name)} onChange={(value: string) => set(name, value)} options={[{ value: '', label }, ...options]} />;
}

/** Free text of a list, kept in the URL; asked for when the reader pauses. */
export function Search({ label, width = 260 }: { label: string; width?: number }): ReactNode {
  const { get, set } = useFilters();
  const [text, setText] = useState(get('q'));
  useEffect(() => {
    if (text === get('q')) return;
    const pause = setTimeout(() => set('q', text), 250);
    return () => clearTimeout(pause);
    // oxlint-disable-next-line react/exhaustive-deps -- only what is typed starts a search
  }, [text]);
  return <Input type="search" allowClear style={{ width }} placeholder={label} aria-label={label} value={text} onChange={(event) => setText(event.target.value)} />;
}

/** Whole answer for one query, or what is shown meanwhile. */
export function chosen(get: (name: string) => string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, get(name)] as const));
}
