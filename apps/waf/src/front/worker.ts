import { memoryStore } from '@palisade/waf/engine/store';
import { messageOf } from '@palisade/model/error';
import type { RuleSet } from '@palisade/waf/load';
import { boundedEvent } from '../inspection/event.ts';
import type { WafEvent } from '../inspection/event.ts';
import { newStats } from '../inspection/site.ts';
import type { Site, SiteRules } from '../inspection/site.ts';
import { modeByRoute } from '../inspection/route-mode.ts';
import { accept } from '../proxy/accept.ts';
import type { Acceptor } from '../proxy/accept.ts';
import { upstreamPool } from '../proxy/upstream.ts';
import { warmRules } from '../serve/warm-up.ts';
import { clientKey, clientSockets } from './client-sockets.ts';
import type { ClientSockets } from './client-sockets.ts';
import type { FrontSettings, FrontSite } from '@palisade/model/waf-front';
import type { NativeSocket, WardenLink } from './warden-link.ts';
import { linkWarden } from './warden-link.ts';

/** Half of it may be lost and the port still stays in front: an element of the kernel's set lives 2 s. */
const beat = 500;
/** Compiling a large rule set on a busy machine may take so many seconds, in which nothing else is said. */
const compiling = 90;
/** Requests under way get this many seconds when their site ends. */
const grace = 10;
/** Until the kernel has opened the port after the warden's end, connections still come here. */
const afterWarden = 2500;

type Served = { readonly site: Site; readonly sockets: ClientSockets; readonly acceptors: Acceptor[] };

export type FrontWorkerOptions = {
  readSettings(): FrontSettings;
  /** Throws when the rules don't load. */
  loadRules(site: FrontSite): RuleSet;
  event(event: WafEvent): void;
  log(message: string): void;
};

export type FrontWorker = { /** Resolves when the warden is gone and the last connection too. */ readonly ended: Promise<void> };

/** One of the processes that stand in front of containers' ports; its warden hands it the sockets. */
export function startFrontWorker(options: FrontWorkerOptions): FrontWorker {
  const served = new Map<string, Served>();
  const closing = new Set<Promise<void>>();
  const loaded = new Map<string, SiteRules>();
  let settings = options.readSettings();
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));

  const rulesOf = (site: FrontSite): SiteRules => {
    const key = JSON.stringify([site.folder, site.rules, site.paranoia, site.mode, site.before]);
    const known = loaded.get(key);
    if (known !== undefined) return known;
    link.note('alive', '', 4, compiling);
    const rules = warmRules(options.loadRules(site), site.mode);
    loaded.set(key, rules);
    return rules;
  };
  function settingsOf(id: string): FrontSite | undefined {
    const known = settings.sites.find((site) => site.id === id);
    if (known !== undefined) return known;
    settings = options.readSettings();
    return settings.sites.find((site) => site.id === id);
  }
  function serve(id: string): Served {
    const known = served.get(id);
    if (known !== undefined) return known;
    const wanted = settingsOf(id);
    if (wanted === undefined) throw new Error('it is not in the settings');
    const sockets = clientSockets(wanted.port, wanted.keepsAddress, (family, count) => link.note('need', id, family, count));
    const site: Site = {
      name: wanted.name, port: wanted.port, rules: rulesOf(wanted), modeOf: modeByRoute(wanted.mode, wanted.routes), upstream: upstreamPool(sockets.open, wanted.keepsAddress ? clientKey : undefined), store: memoryStore(), forwarded: !wanted.keepsAddress,
      trusts: () => false, uninspected: wanted.uninspected, proxyProtocol: false, tls: undefined, stats: newStats(), event: (one) => options.event(boundedEvent(one)),
    };
    const now: Served = { site, sockets, acceptors: [] };
    served.set(id, now);
    return now;
  }
  function listen(id: string, family: 4 | 6, socket: NativeSocket): void {
    try {
      const { acceptors, site } = serve(id);
      const acceptor = accept(site);
      acceptors.push(acceptor);
      acceptor.server.on('error', (error) => options.log(`${site.name}: ${error.message}`));
      acceptor.server.listen(socket, () => link.note('alive', id));
    } catch (error) {
      socket.close();
      options.log(`${id} (IPv${family}) is not protected by this worker: ${messageOf(error)}`);
    }
  }
  async function close(id: string): Promise<void> {
    const one = served.get(id);
    served.delete(id);
    if (one !== undefined) await Promise.all(one.acceptors.map((acceptor) => acceptor.close(grace)));
    one?.sockets.close();
    link.note('gone', id);
  }
  const closeLater = (id: string): void => {
    const work = close(id).finally(() => closing.delete(work));
    closing.add(work);
  };
  function alive(): void {
    link.note('alive');
    for (const [id, { acceptors, sockets }] of served) {
      sockets.look();
      if (acceptors.some((acceptor) => acceptor.server.listening)) link.note('alive', id);
    }
  }

  const link: WardenLink = linkWarden({
    listen,
    socket(id, family, socket) {
      const one = served.get(id);
      if (one === undefined) socket.close();
      else one.sockets.add(family, socket);
    },
    close: closeLater,
    gone: () => setTimeout(() => {
      for (const id of served.keys()) closeLater(id);
      void Promise.all(closing).then(() => {
        clearInterval(timer);
        end();
      });
    }, afterWarden),
  });
  const timer = setInterval(alive, beat);
  alive();

  return { ended };
}
