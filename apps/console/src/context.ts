import type { Logger } from 'pino';
import type { Vault } from './alerts/dispatch.ts';
import type { Preventable } from '@palisade/verdict/response/compile';
import type { VirtualPatch } from '@palisade/waf/virtual-patches';
import type { Authority } from './gateway/authority.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Live } from './live.ts';
import type { Polling } from './polling.ts';
import type { Db } from './postgres/database.ts';
import type pg from 'pg';

/** What every route, ingest kind and job of one replica works with. */
export type Context = {
  readonly db: Db;
  readonly pool: pg.Pool;
  readonly live: Live;
  readonly log: Logger;
  readonly authority: Authority;
  readonly jobs: Jobs;
  readonly judging: Polling;
  readonly tasks: Polling;
  readonly alerts: Polling;
  readonly vault: Vault;
  /** Folder for this replica's verified copies of feed bundles. */
  readonly cache: string;
  readonly version: string;
  /** The product's runtime rules, as far as prevention goes: what a response policy may ask of each. Undefined: there is no pack here. */
  readonly runtimeRules: readonly Preventable[] | undefined;
  /** Vulnerabilities whose known use a shipped rule of the firewall stops. */
  readonly virtualPatches: readonly Pick<VirtualPatch, 'rule' | 'cves'>[];
  /** True once this replica has begun to stop: it still answers, but wants no new work. */
  readonly stopping: boolean;
  /** Where people and agents reach this console: `https://host:port` of the gateway goes into join tokens. */
  readonly publicUrl: string;
  readonly agentUrl: string;
};
