import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { StreamLine } from '@palisade/model/wire';
import type { Db } from '../postgres/database.ts';
import type { Live } from '../live.ts';

type Row = { id: string; kind: string; created_at: string; expires_at: string | null; body: unknown };

/** Writes a command as a row; the agent's stream, on whichever replica it is, picks it up. Nudge after the commit. */
export async function addCommand(db: Db, agent: { id: string; cluster: string; node: string }, command: { kind: string; body: unknown; by: string; expiresMinutes?: number }): Promise<string> {
  const id = `cmd_${randomBytes(10).toString('hex')}`;
  await sql`insert into commands (id, cluster, agent, node, kind, body, created_by, expires_at)
    values (${id}, ${agent.cluster}, ${agent.id}, ${agent.node}, ${command.kind}, ${JSON.stringify(command.body)}::jsonb, ${command.by}, now() + make_interval(mins => ${command.expiresMinutes ?? 60}::int))`.execute(db);
  return id;
}

/**
 * Feeds one agent's open stream until `signal`: first every command not yet answered (a stream that broke may have
 * lost some; the agent knows ids it has done), then new ones as they come, and a ping each 15 s or when the revision of
 * the policy that holds changed.
 */
export async function streamCommands(db: Db, live: Live, agent: string, policy: () => Promise<string>, write: (line: StreamLine) => void, signal: AbortSignal): Promise<void> {
  const sent = new Set<string>();
  let wake = (): void => undefined;
  let pinged = 0;
  let told = '';
  const leave = live.onCommand((whose) => {
    if (whose === undefined || whose === agent) wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      // Told with each ping, so that an agent that failed to fetch it tries again.
      const revision = await policy();
      if (revision !== told || Date.now() - pinged >= 15_000) {
        told = revision;
        pinged = Date.now();
        write({ ping: new Date(pinged).toISOString(), policy: revision });
        // An agent with nothing new to say sends nothing: its open stream is what shows that it lives.
        await sql`update agents set seen_at = now() where id = ${agent}`.execute(db);
      }
      let woken = false;
      const pause = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 5000);
        wake = () => {
          woken = true;
          clearTimeout(timer);
          resolve();
        };
      });
      const current = await sql<{ revoked: boolean }>`select revoked_at is not null revoked from agents where id = ${agent}`.execute(db);
      if (current.rows[0]?.revoked !== false) return;
      await sql`update commands set state = 'expired', finished_at = now() where agent = ${agent} and state in ('waiting', 'sent') and expires_at < now()`.execute(db);
      const open = await sql<Row>`select id, kind, created_at, expires_at, body from commands where agent = ${agent} and state in ('waiting', 'sent') order by created_at, id limit 200`.execute(db);
      for (const row of open.rows) {
        if (sent.has(row.id)) continue;
        await sql`update commands set state = 'sent', sent_at = now() where id = ${row.id} and state = 'waiting'`.execute(db);
        write({ command: { id: row.id, kind: row.kind, at: row.created_at, ...(row.expires_at === null ? {} : { expires: row.expires_at }), body: row.body } });
        sent.add(row.id);
      }
      if (!woken) await pause;
    }
  } finally {
    leave();
  }
}
