import type { Container } from '@palisade/model/container';
import type { FrontSite } from '@palisade/model/waf-front';

/** What a container's labels ask of the firewall, for each port. */
export type LabelledPort = Pick<FrontSite, 'port' | 'mode' | 'paranoia'> & { readonly failClosed: boolean; readonly keepsAddress: boolean };

const prefix = 'palisade.waf.';
const known = new Set(['port', 'mode', 'fail', 'paranoia', 'hide-client-address'].map((word) => prefix + word));

/**
 * Reads `palisade.waf.port` (one or more numbers with commas between), `.mode` (detect, block, off), `.fail` (open,
 * closed), `.paranoia` (1 to 4), `.hide-client-address` (true). `problems` says what is wrong: then nothing is protected.
 */
export function labelledPorts(labels: Container['labels']): { readonly ports: readonly LabelledPort[]; readonly problems: readonly string[] } {
  const given = Object.keys(labels).filter((label) => label.startsWith(prefix));
  if (given.length === 0) return { ports: [], problems: [] };
  const problems = given.filter((label) => !known.has(label)).map((label) => `unknown label ${label}`);
  const value = (word: string, otherwise: string): string => labels[prefix + word]?.trim() ?? otherwise;
  const numbers = value('port', '').split(',').map((text) => text.trim());
  if (numbers.some((text) => !/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535)) problems.push(`${prefix}port=${value('port', '')}: port numbers with commas between`);
  const mode = (['detect', 'block', 'off'] as const).find((word) => word === value('mode', 'detect'));
  if (mode === undefined) problems.push(`${prefix}mode=${value('mode', '')}: detect, block or off`);
  const fail = value('fail', 'open');
  if (fail !== 'open' && fail !== 'closed') problems.push(`${prefix}fail=${fail}: open or closed`);
  const paranoia = value('paranoia', '1');
  if (!/^[1-4]$/.test(paranoia)) problems.push(`${prefix}paranoia=${paranoia}: 1 to 4`);
  const hide = value('hide-client-address', 'false');
  if (hide !== 'true' && hide !== 'false') problems.push(`${prefix}hide-client-address=${hide}: true or false`);
  if (problems.length > 0 || mode === undefined) return { ports: [], problems };
  return { ports: [...new Set(numbers)].map((text) => ({ port: Number(text), mode, paranoia: Number(paranoia), failClosed: fail === 'closed', keepsAddress: hide !== 'true' })), problems: [] };
}
