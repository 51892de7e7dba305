import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrontSettings, FrontSite } from '@palisade/model/waf-front';
import { messageOf } from '@palisade/model/error';
import { startFront } from './front.ts';
import type { Front, FrontOptions, Protection, SiteState } from './front.ts';

/** One container's port that is to be protected. */
export type WantedSite = { readonly protection: Protection; readonly settings: FrontSite };

export type SiteFigure = { readonly state: SiteState | 'starting' | 'failed'; readonly v6: boolean; readonly reason: string | undefined; readonly since: Date };

export type FrontKeeperOptions = Omit<FrontOptions, 'command' | 'onState'> & {
  /** Where the workers' settings lie; they must be able to read it. */
  readonly folder: string;
  /** Socket that workers write events to. */
  readonly events: string;
  /** Program and arguments of a worker, given the file with its settings. */
  command(settings: string): readonly string[];
  /** Something about a site changed. */
  changed(): void;
};

export type FrontKeeper = {
  /** The sites from now on: new ones are protected, missing ones let go, changed ones changed. */
  want(sites: readonly WantedSite[]): Promise<void>;
  /** The rule files changed: new workers read them; the present ones stay until those serve. */
  reload(): Promise<void>;
  readonly figures: ReadonlyMap<string, SiteFigure>;
  readonly pid: number | undefined;
  /** Ends in order; sites that fail closed stay closed unless they were let go before. */
  stop(): Promise<void>;
};

/** A site that could not be protected is tried again after this, in ms. */
const retry = 5000;
const restartAfter = 200;

/** Keeps a warden in front of the wanted sites: started with the first of them, started again when it dies. */
export function keepFront(options: FrontKeeperOptions): FrontKeeper {
  const file = path.join(options.folder, 'front.json');
  const figures = new Map<string, SiteFigure>();
  let wanted: readonly WantedSite[] = [];
  let standing = new Map<string, WantedSite>();
  let written = '';
  let front: Front | undefined;
  let stopping = false;
  let work: Promise<void> = Promise.resolve();
  let again: NodeJS.Timeout | undefined;

  function figure(id: string, state: SiteFigure['state'], more: { v6?: boolean; reason?: string } = {}): void {
    const before = figures.get(id);
    figures.set(id, { state, v6: more.v6 ?? before?.v6 ?? false, reason: more.reason, since: before?.state === state ? before.since : new Date() });
    options.changed();
  }
  function write(): boolean {
    const settings: FrontSettings = { events: options.events, sites: wanted.map((site) => site.settings) };
    const text = JSON.stringify(settings);
    if (text === written) return false;
    mkdirSync(options.folder, { recursive: true });
    writeFileSync(`${file}.new`, text, { mode: 0o644 });
    chmodSync(`${file}.new`, 0o644);
    renameSync(`${file}.new`, file);
    written = text;
    return true;
  }
  async function start(): Promise<Front> {
    const { folder: _, events: __, command, changed: ___, ...rest } = options;
    const made = await startFront({
      ...rest, command: command(file),
      onState(id, state, v6) {
        if (state === 'ended') figures.delete(id);
        if (state === 'ended') options.changed();
        else figure(id, state, { v6 });
      },
    });
    void made.ended.then(async (reason) => {
      if (front !== made) return;
      front = undefined;
      for (const { protection } of standing.values()) figure(protection.id, protection.failClosed ? 'closed' : 'open', { reason: reason ?? 'stopped' });
      standing = new Map();
      if (stopping || reason === undefined) return;
      options.onWords(`the warden in front of containers ended (${reason}); it is started again`);
      await sleep(restartAfter);
      await settle();
    });
    return made;
  }
  async function reconcile(): Promise<void> {
    if (stopping) return;
    clearTimeout(again);
    const changed = write();
    if (wanted.length > 0 && front === undefined) front = await start();
    const current = front;
    if (current === undefined) return;
    for (const [id, { protection }] of standing) {
      const next = wanted.find((site) => site.protection.id === id);
      if (next !== undefined && JSON.stringify(next.protection) === JSON.stringify(protection)) continue;
      standing.delete(id);
      await current.unprotect(protection).catch((error: unknown) => options.onWords(`${id}: ${messageOf(error)}`));
    }
    if (changed && standing.size > 0) await current.reload();
    let failed = false;
    for (const site of wanted) {
      const { id } = site.protection;
      if (standing.has(id)) continue;
      try {
        await current.protect(site.protection);
        standing.set(id, site);
        if (figures.get(id)?.state !== 'served') figure(id, 'starting');
      } catch (error) {
        failed = true;
        figure(id, 'failed', { reason: messageOf(error) });
      }
    }
    if (failed) again = setTimeout(() => void settle(), retry).unref();
  }
  function settle(): Promise<void> {
    work = work.then(reconcile).catch((error: unknown) => {
      for (const { protection } of wanted) figure(protection.id, 'failed', { reason: messageOf(error) });
      if (!stopping) again = setTimeout(() => void settle(), retry).unref();
    });
    return work;
  }
  return {
    figures,
    get pid() {
      return front?.pid;
    },
    want(sites) {
      for (const id of figures.keys()) if (!sites.some((site) => site.protection.id === id) && !standing.has(id)) figures.delete(id);
      wanted = sites;
      return settle();
    },
    async reload() {
      await front?.reload();
    },
    async stop() {
      await work;
      stopping = true;
      clearTimeout(again);
      await front?.stop();
    },
  };
}
