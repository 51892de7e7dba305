import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Container } from '@palisade/model/container';
import { messageOf } from '@palisade/model/error';
import type { Gap } from '@palisade/model/gap';
import { hostProc } from '../host-proc.ts';
import { processStart } from '../sensor/process-start.ts';
import { openFolder } from './folder.ts';
import { keepFront } from './keep-front.ts';
import type { FrontKeeper, WantedSite } from './keep-front.ts';
import type { WafSite } from '@palisade/model/waf-site';
import type { DesiredPolicy } from '@palisade/model/response';
import type { VirtualPatch } from '@palisade/waf/virtual-patches';
import { sitesOf, wantedPorts } from './wanted-ports.ts';

/** What the firewall in front of labelled containers runs with. */
export type FrontSetup = {
  readonly program: string;
  readonly user: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  command(settings: string): readonly string[];
  /** Rules against the known use of vulnerabilities that the rules of this node don't hold yet. */
  patches(): readonly VirtualPatch[];
  /** Copies the rules of this node to where workers can read them and answers their globs; undefined: none are installed. */
  rules(into: string): readonly string[] | undefined;
};

export type ContainerGuard = {
  /** A container as the engine tells of it now. */
  seen(container: Container): void;
  removed(id: string): void;
  /** What the console wants protected from now on. */
  desired(policy: DesiredPolicy): void;
  stop(): Promise<void>;
};

/** Changes that come together are acted on together, in ms. */
const settle = 50;

const remedies = {
  'waf-label': { en: 'Correct the container’s labels and create it anew, or the WafSite documents in the console (docs/waf-front.md).', 'zh-CN': '更正容器标签并重新创建容器，或在控制台修改 WafSite 文档（见 docs/waf-front.md）。' },
  'waf-rules-missing': { en: 'Install a rule set on this node: palisade waf rules install deb', 'zh-CN': '在本节点安装规则集：palisade waf rules install deb' },
  'waf-unprotected': { en: 'See the reason; the agent tries again every few seconds.', 'zh-CN': '请查看原因；节点代理每隔几秒会重试。' },
  'waf-loopback': { en: 'Let clients inside the container ask by its own address.', 'zh-CN': '容器内的客户端应通过容器自身地址访问。' },
  'waf-ipv6': { en: 'Nothing to do where the container is reached by IPv4 alone.', 'zh-CN': '若容器仅通过 IPv4 访问，则无需处理。' },
  'waf-client-hidden': { en: 'Remove the label palisade.waf.hide-client-address.', 'zh-CN': '移除标签 palisade.waf.hide-client-address。' },
} as const;

/** Puts the firewall in front of containers for which the console or their labels ask, and tells what is not covered. */
export function guardContainers(setup: FrontSetup, takeEvents: (socket: string, user: number) => void, tell: (gaps: readonly Gap[]) => void, log: (line: string) => void): ContainerGuard {
  const containers = new Map<string, { readonly container: Container; readonly start: number }>();
  let keeper: FrontKeeper | undefined;
  let folder = '';
  let rules: readonly string[] | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let sites: readonly WafSite[] = [];
  let unread: readonly string[] = [];
  let cluster = '';
  let vulnerable = new Map<string, ReadonlySet<string>>();
  const portsOf = (container: Container): ReturnType<typeof wantedPorts> => wantedPorts(container, sites, cluster, setup.patches().filter(({ cves }) => cves.some((cve) => vulnerable.get(container.image)?.has(cve) === true)));

  function prepare(): FrontKeeper {
    if (keeper !== undefined) return keeper;
    folder = openFolder('palisade-front-');
    const events = path.join(folder, 'events.sock');
    takeEvents(events, setup.user);
    keeper = keepFront({ folder, events, program: setup.program, user: setup.user, workers: 1, env: setup.env, command: (file) => setup.command(file), onWords: (line) => log(`firewall: ${line}`), changed: report });
    return keeper;
  }
  function wanted(): WantedSite[] {
    const globs = rules;
    if (globs === undefined) return [];
    return [...containers.values()].flatMap(({ container, start }) =>
      portsOf(container).ports.map(({ failClosed, keepsAddress, ...settings }) => {
        const { port } = settings;
        const id = `${container.id.slice(0, 12)}.${port}.${Math.round(start / 10_000_000).toString(36)}`;
        return {
          protection: { id, pid: container.pid, start, port, failClosed, keepsAddress, hostNetwork: container.networkMode === 'host' },
          settings: { ...settings, id, name: `${container.name}:${port}`, rules: [...globs], folder, keepsAddress },
        };
      }),
    );
  }
  function report(): void {
    const gaps: Gap[] = [];
    const gap = (kind: keyof typeof remedies, subject: string, reason: string, since = new Date()): void => void gaps.push({ kind, subject, since: since.toISOString(), reason: reason.slice(0, 1000), count: 1, remedy: remedies[kind] });
    for (const reason of unread) gap('waf-label', 'WafSite', reason);
    for (const { container } of containers.values()) {
      const { ports, problems } = portsOf(container);
      if (problems.length > 0) gap('waf-label', container.name, problems.join('; '), new Date(container.created));
      if (ports.length > 0 && rules === undefined) gap('waf-rules-missing', container.name, 'the firewall is asked for, but no rule set is installed on this node', new Date(container.created));
    }
    for (const { protection: { id, keepsAddress }, settings: { name } } of wanted()) {
      const figure = keeper?.figures.get(id);
      if (figure === undefined || figure.state === 'starting') continue;
      if (figure.state !== 'served') gap('waf-unprotected', name, `${figure.state}${figure.reason === undefined ? ': no worker serves it' : `: ${figure.reason}`}`, figure.since);
      else {
        gap('waf-loopback', name, 'connections over the container’s own loopback are not inspected', figure.since);
        if (!figure.v6) gap('waf-ipv6', name, 'the container’s network has no IPv6 that could be inspected', figure.since);
        if (!keepsAddress) gap('waf-client-hidden', name, 'the application sees the firewall’s address instead of the client’s', figure.since);
      }
    }
    tell(gaps);
  }
  async function act(): Promise<void> {
    if (stopped) return;
    try {
      const asked = [...containers.values()].some(({ container }) => portsOf(container).ports.length > 0);
      if (asked && rules === undefined) {
        prepare();
        rules = setup.rules(path.join(folder, 'rules'));
      }
      if (keeper !== undefined) await keeper.want(wanted());
    } catch (error) {
      log(`firewall: ${messageOf(error)}`);
    }
    report();
  }
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void act(), settle);
  };
  return {
    seen(container) {
      const start = container.state === 'running' || container.state === 'paused' ? processStart(container.pid, hostProc) : undefined;
      const before = containers.get(container.id);
      if (start === undefined) {
        if (containers.delete(container.id)) later();
        return;
      }
      containers.set(container.id, { container, start });
      if (before?.start !== start || (rules === undefined && portsOf(container).ports.length > 0)) later();
    },
    removed(id) {
      if (containers.delete(id)) later();
    },
    desired(policy) {
      const { sites: wantedNow, problems } = sitesOf(policy.documents);
      sites = wantedNow;
      unread = problems;
      cluster = policy.cluster.name;
      vulnerable = new Map((policy.vulnerable ?? []).map(({ image, cves }) => [image, new Set(cves)]));
      later();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await keeper?.stop();
      if (folder !== '') rmSync(folder, { recursive: true, force: true });
    },
  };
}
