import { createSecureContext } from 'node:tls';
import { memoryStore } from '@palisade/waf/engine/store';
import type { WafRoute } from '@palisade/model/waf-site';
import type { RuleSet } from '@palisade/waf/load';
import { boundedEvent } from '../inspection/event.ts';
import type { Mode, WafEvent } from '../inspection/event.ts';
import { modeByRoute } from '../inspection/route-mode.ts';
import { newStats } from '../inspection/site.ts';
import type { Site } from '../inspection/site.ts';
import { accept } from '../proxy/accept.ts';
import { ownAddress, upstreamPool } from '../proxy/upstream.ts';
import type { Address } from '../proxy/upstream.ts';
import { readApiDocument } from '../openapi/document.ts';
import { requestSchema } from '../openapi/schema.ts';
import { recordTo } from '../record/recorder.ts';
import { addressList } from './address-list.ts';
import { warmRules } from './warm-up.ts';

export type WorkerSettings = {
  readonly site: string;
  readonly listen: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly upstream: Address;
  readonly mode: Mode;
  /** The first that fits decides instead of `mode`. */
  readonly routes: readonly WafRoute[];
  readonly forwarded: boolean;
  /** Addresses and CIDR ranges whose X-Forwarded-For is believed. */
  readonly trusted: readonly string[];
  readonly uninspected: 'relay' | 'refuse';
  readonly proxyProtocol: boolean;
  /** PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Requests are recorded in this file, up to so many bytes. */
  readonly record: { readonly file: string; readonly most: number } | undefined;
  /** An OpenAPI document (its text): requests outside it are flagged, or stopped. */
  readonly api: { readonly text: string; readonly stop: boolean } | undefined;
  /** Several workers listen on one port; the kernel spreads connections. */
  readonly shared: boolean;
};

export type RunningWorker = {
  readonly site: Site;
  /** Where it listens: the port given by the kernel when 0 was asked for. */
  readonly address: string;
  /** Rules for requests that begin from now on. */
  replace(ruleSet: RuleSet): void;
  close(seconds: number): Promise<void>;
};

/** Starts one worker of one site. Throws when it can't listen. */
export async function startWorker(settings: WorkerSettings, ruleSet: RuleSet, event: (event: WafEvent) => void, log: (line: string) => void): Promise<RunningWorker> {
  const api = settings.api === undefined ? undefined : { schema: requestSchema(readApiDocument(settings.api.text)), stop: settings.api.stop };
  for (const one of api?.schema.unchecked ?? []) log(`of the API description is not checked: ${one}`);
  const trusted = addressList(settings.trusted);
  const recorder = settings.record === undefined ? undefined : recordTo(settings.record.file, settings.record.most, log);
  const site: Site = {
    name: settings.site, rules: warmRules(ruleSet, settings.mode), modeOf: modeByRoute(settings.mode, settings.routes), upstream: upstreamPool(ownAddress(settings.upstream)), store: memoryStore(), forwarded: settings.forwarded,
    trusts: (address) => trusted.has(address), uninspected: settings.uninspected, proxyProtocol: settings.proxyProtocol,
    tls: settings.tls === undefined ? undefined : createSecureContext({ ...settings.tls, minVersion: 'TLSv1.2' }), stats: newStats(), event: (one) => event(boundedEvent(one)), ...(recorder === undefined ? {} : { recorder }), ...(api === undefined ? {} : { api }),
  };
  const acceptor = accept(site);
  const { server } = acceptor;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...settings.listen, backlog: 1024, ...(settings.shared ? { reusePort: true } : {}) }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const at = server.address();
  return {
    site,
    address: typeof at === 'object' && at !== null ? `${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}` : String(at),
    replace: (next) => void (site.rules = warmRules(next, settings.mode)),
    async close(seconds) {
      await acceptor.close(seconds);
      recorder?.close();
    },
  };
}
