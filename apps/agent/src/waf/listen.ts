import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import path from 'node:path';
import type { Gap } from '@palisade/model/gap';
import { messageOf } from '@palisade/model/error';
import { WafEvent } from '@palisade/model/waf-event';
import type { Reporter } from '../report.ts';
import { eventLines } from './event-lines.ts';
import { giveSocket } from './folder.ts';

/** The socket in the agent's folder that firewall workers of this machine write their events to, one JSON object a line. */
export const wafSocketName = 'waf.sock';

export type WafIntake = {
  /** Another socket, for workers that run as that user. */
  alsoAt(socket: string, user: number): void;
  close(): void;
};

/** Takes events until closed. What is no event is counted and told as a gap; only the agent's own user can connect. */
export function takeWafEvents(folder: string, report: Reporter, log: (message: string) => void): WafIntake {
  const socketPath = path.join(folder, wafSocketName);
  rmSync(socketPath, { force: true });
  let refused = 0;
  const refuse = (reason: string): void => {
    refused += 1;
    const gap: Gap = { kind: 'waf-event-refused', subject: socketPath, reason, count: refused };
    report.gaps('agent-waf', [gap]);
  };
  function take(line: string): void {
    try {
      const event = WafEvent.parse(JSON.parse(line));
      report.put('waf-event', event.id, event);
    } catch (error) {
      refuse(messageOf(error).slice(0, 300));
    }
  }
  const open: { readonly server: Server; readonly at: string }[] = [];
  function listen(at: string, ready: () => void): void {
    const server = eventLines(take, refuse);
    server.on('error', (error) => log(`events of the web application firewall are not taken: ${error.message}`));
    server.listen(at, ready);
    open.push({ server, at });
  }
  listen(socketPath, () => chmodSync(socketPath, 0o600));
  return {
    alsoAt: (at, user) => listen(at, () => giveSocket(at, user)),
    close() {
      for (const { server, at } of open) {
        server.close();
        rmSync(at, { force: true });
      }
    },
  };
}
