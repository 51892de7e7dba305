import { createContext, useContext } from 'react';

/** Whether the page is dark now. */
export const Dark = createContext(false);

export function useDark(): boolean {
  return useContext(Dark);
}

/** Changes the appearance of everything. */
export const ChooseDark = createContext<(dark: boolean) => void>(() => undefined);

export function useChooseDark(): (dark: boolean) => void {
  return useContext(ChooseDark);
}

const stored = 'palisade.dark';

/** The appearance chosen here before, else the system's. */
export function initialDark(): boolean {
  const chosen = localStorage.getItem(stored);
  return chosen === null ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'yes';
}

export function rememberDark(dark: boolean): void {
  localStorage.setItem(stored, dark ? 'yes' : 'no');
}
