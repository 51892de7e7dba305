import { sql } from 'kysely';
import pg from 'pg';
import type { Db } from './postgres/database.ts';
import { connection } from './postgres/database.ts';
import type { Notice, Reach } from './postgres/embedded.ts';

/** Something changed: a page that shows `topic` (and `subject`) should look again. */
export type Change = { cursor: string; topic: string; cluster: string | null; subject: string | null };

export type Live = {
  /** Called for each change from now on, in order, until the answered function is called. */
  follow(listener: (change: Change) => void): () => void;
  /** Called when commands may be waiting (for one agent, or any). */
  onCommand(listener: (agent: string | undefined) => void): () => void;
  /** After a commit: wakes every replica. Lost nudges cost at most one poll interval. */
  nudge(channel: 'changes' | 'commands', agent?: string): void;
  stop(): Promise<void>;
};

/** Records a change in the caller's transaction; it is seen once that has committed. */
export async function announce(db: Db, topic: string, cluster?: string | null, subject?: string): Promise<void> {
  await sql`insert into changes (topic, cluster, subject) values (${topic}, ${cluster ?? null}, ${subject ?? null})`.execute(db);
}

const pollMs = 1500;

/**
 * Follows the change table. NOTIFY only wakes; what is read is the table from a cursor (transaction id, sequence),
 * and only up to the oldest transaction still running: a row that commits late is never skipped.
 */
export function startLive(reach: Reach | string, db: Db, notice: Notice): Live {
  const followers = new Set<(change: Change) => void>();
  const commanders = new Set<(agent: string | undefined) => void>();
  const ending = new AbortController();
  let cursor: { xid: string; seq: number } | undefined;
  let wake = (): void => undefined;
  const waiting: Set<string> = new Set();

  const read = async (): Promise<void> => {
    if (followers.size === 0) {
      cursor = undefined;
      return;
    }
    if (cursor === undefined) {
      const now = await sql<{ xid: string }>`select pg_snapshot_xmin(pg_current_snapshot())::text xid`.execute(db);
      cursor = { xid: now.rows[0]?.xid ?? '0', seq: -1 };
      return;
    }
    const rows = await sql<{ xid: string; seq: number; topic: string; cluster: string | null; subject: string | null }>`
      select xid::text, seq, topic, cluster, subject from changes
      where (xid, seq) > (${cursor.xid}::xid8, ${cursor.seq}::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot()) and at > now() - interval '1 hour'
      order by changes.xid, seq limit 1000`.execute(db);
    for (const row of rows.rows) {
      cursor = { xid: row.xid, seq: row.seq };
      for (const follower of followers) follower({ cursor: `${row.xid}.${row.seq}`, topic: row.topic, cluster: row.cluster, subject: row.subject });
    }
  };

  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await read();
      } catch (error) {
        notice('reading changes failed', { error: String(error) });
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      for (const listener of commanders) listener(undefined);
    }
  };

  let listening: pg.Client | undefined;
  const listen = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const client = new pg.Client({ ...connection(reach), application_name: 'palisade-listen', connectionTimeoutMillis: 5000 });
      try {
        const ended = new Promise<void>((resolve) => {
          client.on('error', () => resolve());
          client.on('end', () => resolve());
        });
        await client.connect();
        client.on('notification', ({ channel, payload }) => {
          if (channel === 'palisade_changes') wake();
          else for (const listener of commanders) listener(payload === '' ? undefined : payload);
        });
        await client.query('listen palisade_changes');
        await client.query('listen palisade_commands');
        listening = client;
        await ended;
      } catch {
        // The poll goes on meanwhile; the pool's own errors are reported where they matter.
      }
      await client.end().catch(() => undefined);
      if (!ending.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };

  let flush: NodeJS.Timeout | undefined;
  const send = async (): Promise<void> => {
    flush = undefined;
    const messages = [...waiting];
    waiting.clear();
    for (const message of messages) {
      const [channel = '', agent = ''] = message.split(' ');
      await sql`select pg_notify(${`palisade_${channel}`}, ${agent})`.execute(db).catch(() => undefined);
    }
  };

  const running = Promise.all([loop(), listen()]);
  return {
    follow(listener) {
      followers.add(listener);
      wake();
      return () => void followers.delete(listener);
    },
    onCommand(listener) {
      commanders.add(listener);
      return () => void commanders.delete(listener);
    },
    nudge(channel, agent = '') {
      waiting.add(`${channel} ${agent}`);
      flush ??= setTimeout(() => void send(), 50);
    },
    async stop() {
      ending.abort();
      clearTimeout(flush);
      wake();
      await listening?.end().catch(() => undefined);
      await running;
    },
  };
}
