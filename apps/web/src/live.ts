import type { QueryClient } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** Which queries a topic concerns, by the first part of their key; topics not named here concern all data. */
const concerned: Readonly<Record<string, readonly string[]>> = {
  tasks: ['/tasks', '/feeds'],
  feeds: ['/feeds'],
  documents: ['/documents', '/waivers', '/agent-policies'],
  users: ['/users'],
  responses: ['/responses', '/detections', '/containers'],
  evidence: ['/evidence', '/detections'],
  agents: ['/agents', '/join-tokens', '/nodes'],
};
/** Loaded once and not by what agents report. */
const settled = new Set(['session', '/users', '/tokens', '/join-tokens', '/audit', '/feeds/pull', '/documents']);

/** Many changes come at once (a batch, a round over all images): pages look again at most this often. */
const pauseMs = 1500;

/** Follows the console's changes and has stale queries loaded again. True while the connection is lost. */
export function useLive(): boolean {
  const client = useQueryClient();
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const topics = new Set<string>();
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let wasLost = false;
    let failures = 0;
    const flush = (): void => {
      timer = undefined;
      refresh(client, topics);
      topics.clear();
    };
    const open = (): void => {
      const stream = new EventSource('/api/v1/live');
      source = stream;
      stream.addEventListener('ready', () => {
        failures = 0;
        setLost(false);
        // What changed while nobody listened is not told again.
        if (wasLost) void client.invalidateQueries();
        wasLost = false;
      });
      stream.addEventListener('message', (event: MessageEvent<string>) => {
        topics.add((JSON.parse(event.data) as { topic: string }).topic);
        timer ??= setTimeout(flush, pauseMs);
      });
      stream.addEventListener('error', () => {
        stream.close();
        wasLost = true;
        failures += 1;
        // The console ends a stream now and then; only a second failure in a row is a lost connection.
        if (failures > 1) {
          setLost(true);
          void client.invalidateQueries({ queryKey: ['session'] });
        }
        retry = setTimeout(open, Math.min(10_000, 300 * 2 ** failures));
      });
    };
    // A stream that was open before the network went away may say nothing for long: ask anew at once.
    const again = (): void => {
      clearTimeout(retry);
      source?.close();
      wasLost = true;
      open();
    };
    open();
    window.addEventListener('offline', again);
    window.addEventListener('online', again);
    return () => {
      window.removeEventListener('offline', again);
      window.removeEventListener('online', again);
      source?.close();
      clearTimeout(timer);
      clearTimeout(retry);
    };
  }, [client]);
  return lost;
}

function refresh(client: QueryClient, topics: ReadonlySet<string>): void {
  const only = [...topics].every((topic) => topic in concerned) ? new Set([...topics].flatMap((topic) => concerned[topic] ?? [])) : undefined;
  void client.invalidateQueries({
    predicate: ({ queryKey }) => {
      const first = String(queryKey[0]);
      return only === undefined ? !settled.has(first) || [...topics].some((topic) => concerned[topic]?.includes(first)) : [...only].some((prefix) => first.startsWith(prefix));
    },
  });
}
