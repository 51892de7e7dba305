import type { Named, Transaction } from './transaction.ts';
import { printable } from './trace.ts';

const fields = (headers: readonly Named[]): string => headers.map(({ name, value }) => `${name}: ${value}\n`).join('');

/** Whether SecAuditEngine (or ctl:auditEngine) wants the transaction recorded: RelevantOnly asks for a rule that said so or a status. */
function wanted({ settings, matches, responseStatus, intervention }: Transaction): boolean {
  if (settings.auditEngine !== 'RelevantOnly') return settings.auditEngine === 'On';
  const status = intervention === undefined ? responseStatus : String(intervention.status);
  return matches.some(({ log }) => log) || settings.auditRelevantStatus?.test(status) === true;
}

/** A transaction in the serial form of ModSecurity's audit log, with the parts that were asked for; undefined where none is. */
export function auditRecord(tx: Transaction): string | undefined {
  if (!wanted(tx)) return undefined;
  const { clientAddress, clientPort, serverAddress, serverPort } = tx.options.connection;
  const parts: Readonly<Record<string, () => string>> = {
    B: () => `${tx.method} ${tx.uriRaw} ${tx.protocol}\n${fields(tx.requestHeaders)}`,
    C: () => `${tx.requestBody}\n`,
    E: () => `${tx.responseBody}\n`,
    F: () => `${tx.responseProtocol} ${tx.responseStatus}\n${fields(tx.responseHeaders)}`,
    H: () => tx.matches.filter(({ log }) => log).map(({ rule, msg, data }) => `[id "${rule}"] [msg "${printable(msg)}"] [data "${printable(data)}"]\n`).join(''),
  };
  const lines = [`---${tx.options.id}---A--`, `[${new Date(tx.started).toISOString()}] ${tx.options.id} ${clientAddress} ${clientPort} ${serverAddress} ${serverPort}`];
  for (const part of tx.settings.auditParts) if (Object.hasOwn(parts, part)) lines.push(`---${tx.options.id}---${part}--`, parts[part]!());
  return [...lines, `---${tx.options.id}---Z--`, ''].join('\n');
}
