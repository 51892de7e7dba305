import { useSearchParams } from 'react-router';

/** Filters live in the URL, so that what one sees can be sent as a link. Setting one returns to the first page. */
export function useFilters(): { get(name: string): string; set(name: string, value: string): void } {
  const [parameters, change] = useSearchParams();
  return {
    get: (name) => parameters.get(name) ?? '',
    set(name, value) {
      change(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      );
    },
  };
}
