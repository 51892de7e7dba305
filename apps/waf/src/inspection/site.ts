import type { SecureContext } from 'node:tls';
import type { Store } from '@palisade/waf/engine/store';
import type { RuleSet } from '@palisade/waf/load';
import type { UpstreamPool } from '../proxy/upstream.ts';
import type { RequestSchema } from '../openapi/schema.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Mode, WafEvent } from './event.ts';

/** The same rules twice: with and without the right to stop a request. */
export type SiteRules = { readonly block: RuleSet; readonly detect: RuleSet };

/** One protected application. `rules` may be replaced between requests: each transaction keeps the set it began with. */
export type Site = {
  readonly name: string;
  rules: SiteRules;
  modeOf(method: string, path: string): Mode;
  readonly upstream: UpstreamPool;
  /** The port that clients asked for, where connections come here redirected. */
  readonly port?: number;
  readonly store: Store;
  /** Tell the application who asked: X-Forwarded-For and X-Forwarded-Proto. */
  readonly forwarded: boolean;
  /** Peers whose X-Forwarded-For is believed. */
  trusts(address: string): boolean;
  /** Connections begin with a PROXY protocol head (version 1 or 2) that names the client. */
  readonly proxyProtocol: boolean;
  /** Certificate and key of the workload: TLS ends here. Without it TLS is relayed unread. */
  readonly tls: SecureContext | undefined;
  /** What to do with protocols whose content isn't inspected. */
  readonly uninspected: 'relay' | 'refuse';
  readonly stats: SiteStats;
  event(event: WafEvent): void;
  /** Keeps what requests looked like, secrets masked. */
  readonly recorder?: Recorder;
  /** What requests there are; others are flagged, and in block mode stopped where `stop` says so. */
  readonly api?: { readonly schema: RequestSchema; readonly stop: boolean };
};

export type SiteStats = { requests: number; logged: number; blocked: number; refused: number; engineMicroseconds: number; connections: number };

export const newStats = (): SiteStats => ({ requests: 0, logged: 0, blocked: 0, refused: 0, engineMicroseconds: 0, connections: 0 });

/** Makes both forms of a loaded set. */
export function siteRules(ruleSet: RuleSet): SiteRules {
  return { block: { ...ruleSet, settings: { ...ruleSet.settings, ruleEngine: 'On' } }, detect: { ...ruleSet, settings: { ...ruleSet.settings, ruleEngine: 'DetectionOnly' } } };
}
