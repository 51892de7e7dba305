import type { Event } from '../event.ts';

/** A getter asked several times per event computes once: events are reused, so (object, number) is the identity. */
export function oncePerEvent<T>(get: (event: Event) => T): (event: Event) => T {
  let event: Event | undefined;
  let num = -1;
  let value: T;
  return (next) => {
    if (next !== event || next.num !== num) {
      value = get(next);
      event = next;
      num = next.num;
    }
    return value;
  };
}
