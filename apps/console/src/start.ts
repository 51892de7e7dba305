import { existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { Preventable } from '@palisade/verdict/response/compile';
import { startAlerts } from './alerts/dispatch.ts';
import type { Vault } from './alerts/dispatch.ts';
import type { Context } from './context.ts';
import { firstRunToken } from './first-run.ts';
import { openAuthority } from './gateway/authority.ts';
import { createGateway } from './gateway/server.ts';
import { takeHome } from './home-lock.ts';
import { createApp } from './http/app.ts';
import { serveWeb } from './http/web.ts';
import { localFeeds } from './feeds/local.ts';
import { pullWork } from './feeds/pull.ts';
import { startJudging } from './judging/loop.ts';
import { startRunner } from './tasks/runner.ts';
import { startJobs } from './jobs/jobs.ts';
import { startLive } from './live.ts';
import { migrations } from './migrations/registry.ts';
import { whileAway } from './postgres/away.ts';
import { openDatabase } from './postgres/database.ts';
import { startEmbedded } from './postgres/embedded.ts';
import { migrate } from './postgres/migrate.ts';
import { openPartitions } from './postgres/partitions.ts';
import { addRoutes } from './routes/registry.ts';
import { deriveKey, installationSecret, seal, unseal } from './secret.ts';
import type { ConsoleSettings } from './settings.ts';

export type RunningConsole = {
  readonly url: string;
  readonly agentUrl: string;
  /** The one-time link for the first administrator; undefined once there is one. */
  readonly firstRun: string | undefined;
  readonly context: Context;
  /** Ends everything this console started, the embedded Postgres last. */
  stop(): Promise<void>;
};

/**
 * Starts one replica: database (embedded unless a URL is given), schema, gateway, API, web pages, jobs.
 * `fetch` is what a feed pull asks the network with. `web` is the folder of the built pages; absent, only the API answers. Throws when a part cannot start,
 * having stopped the parts that could.
 */
export async function startConsole(settings: ConsoleSettings, options: { version: string; web: string | undefined; fetch?: typeof fetch; runtimeRules?: () => readonly Preventable[]; virtualPatches?: Context['virtualPatches']; log?: { write(line: string): void } }): Promise<RunningConsole> {
  const log = pino({ level: settings.logLevel, base: { service: 'palisade-console' }, redact: ['*.password', '*.token', '*.secret', 'req.headers'] }, options.log ?? process.stderr);
  const undo: (() => Promise<unknown> | void)[] = [];
  let stopping = false;
  let serving = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    if (serving && settings.drainSeconds > 0) await sleep(settings.drainSeconds * 1000);
    for (const step of undo.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        log.warn({ error: String(error) }, 'a part did not stop cleanly');
      }
    }
  };
  try {
    mkdirSync(settings.home, { recursive: true, mode: 0o711 });
    const secret = installationSecret(settings.home, settings.secret);
    let reach: Parameters<typeof openDatabase>[0];
    if (settings.databaseUrl === undefined) {
      undo.push(takeHome(settings.home));
      const embedded = await startEmbedded(settings.home, deriveKey(secret, 'embedded-postgres').toString('hex'), (message, fields) => log.warn(fields ?? {}, message));
      undo.push(embedded.stop);
      reach = embedded.reach;
    } else reach = settings.databaseUrl;

    const database = openDatabase(reach, 20, (error) => log.warn({ error: error.message }, 'a database connection was lost'));
    undo.push(database.close);
    const { db, pool } = database;
    const present = <Answer>(step: () => Promise<Answer>): Promise<Answer> => whileAway(step, (error) => log.warn({ error: error.message }, 'the database is away; trying again'));
    const applied = await present(() => migrate(db, migrations));
    if (applied.length > 0) log.info({ applied }, 'schema brought forward');
    await present(() => openPartitions(db, new Date()));
    const live = startLive(reach, db, (message, fields) => log.warn(fields ?? {}, message));
    undo.push(live.stop);
    const authority = await present(() => openAuthority(db, secret));
    const jobs = startJobs(db, live, log);
    undo.push(jobs.stop);
    const cache = path.join(settings.home, 'console-cache');
    const judging = startJudging(db, live, log, localFeeds(db, path.join(cache, 'feeds')), () => jobs.summariesDue());
    undo.push(judging.stop);
    const tasks = startRunner(db, pool, live, log, { 'feed-pull': pullWork(db, path.join(cache, 'feed-sources'), options.fetch ?? fetch) }, () => judging.wake());
    undo.push(tasks.stop);

    const vault: Vault = { seal: (values) => seal(secret, 'alert-channel', JSON.stringify(values)), open: (sealed) => (sealed === null ? {} : (JSON.parse(unseal(secret, 'alert-channel', sealed)) as unknown)) };
    const addresses = { url: settings.publicUrl ?? '', agentUrl: settings.agentUrl ?? '' };
    const alerts = startAlerts(db, live, log, vault, () => addresses.url);
    undo.push(alerts.stop);
    const context: Context = {
      db,
      pool,
      live,
      log,
      authority,
      jobs,
      judging,
      tasks,
      alerts,
      vault,
      cache,
      version: options.version,
      get runtimeRules() {
        return options.runtimeRules?.();
      },
      virtualPatches: options.virtualPatches ?? [],
      get stopping() {
        return stopping;
      },
      get publicUrl() {
        return addresses.url;
      },
      get agentUrl() {
        return addresses.agentUrl;
      },
    };
    const gateway = await createGateway(context, [hostname(), settings.agentListen.host].filter((name) => name !== '0.0.0.0' && name !== '::'));
    undo.push(() => gateway.close());
    await gateway.listen(settings.agentListen);
    const app = await createApp(context, settings);
    undo.push(() => app.close());
    await addRoutes(app, context);
    if (options.web !== undefined && existsSync(path.join(options.web, 'index.html'))) await serveWeb(app, options.web);
    await app.listen(settings.listen);
    serving = true;
    addresses.url ||= `http://${shown(settings.listen.host)}:${(app.server.address() as AddressInfo).port}`;
    addresses.agentUrl ||= `https://${shown(settings.agentListen.host)}:${(gateway.server.address() as AddressInfo).port}`;
    jobs.summariesDue();
    const token = await present(() => firstRunToken(db));
    return { url: context.publicUrl, agentUrl: context.agentUrl, firstRun: token === undefined ? undefined : `${context.publicUrl}/setup?token=${token}`, context, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function shown(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}
