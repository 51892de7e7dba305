import type { Fact } from '@palisade/image/analyzer';
import type { Detector, Draft } from '../detector.ts';
import { draftOf } from '../draft.ts';
import { maskSecret } from '../secrets/mask.ts';
import { imageConfigAnalyzer, isDistributed } from './analyzer.ts';
import type { ModeFact } from './analyzer.ts';
import { imageConfigRules } from './rules.ts';

/** What the image's configuration says, in the words of the OCI image specification. */
export type ImageSettings = {
  readonly user: string;
  readonly env: readonly string[];
  readonly exposedPorts: readonly string[];
  /** True when a health check is set and not switched off. */
  readonly healthcheck: boolean;
  /** Oldest first; `layer` where the entry made one. */
  readonly history: readonly { readonly instruction: string; readonly layer?: string }[];
  /** Name of the base image where a label or annotation tells it. */
  readonly base?: string;
};

export type ImageConfigInput = { readonly settings: ImageSettings | null; readonly facts: readonly Fact[] };

/** Ports that give a shell, an engine or data, by number. */
const sensitivePorts: Readonly<Record<string, string>> = {
  '20': 'ftp-data', '21': 'ftp', '22': 'ssh', '23': 'telnet', '69': 'tftp', '111': 'rpcbind', '135': 'msrpc', '139': 'netbios', '445': 'smb', '512': 'rexec', '513': 'rlogin',
  '514': 'rsh', '873': 'rsync', '2049': 'nfs', '2375': 'docker without TLS', '2376': 'docker', '3389': 'rdp', '5900': 'vnc', '6000': 'x11', '10250': 'kubelet', '9229': 'node inspector', '5005': 'java debugger',
};

const secretName = /(?:^|_)(?:password|passwd|pwd|secret|secret_?key|api_?key|apikey|access_?key|private_?key|auth_?token|token|credentials?)(?:$|_(?:key|value|id)$)/i;
/** A value that only points to the secret, or is none. */
const harmless = /^(?:|\$.*|true|false|yes|no|none|null|changeme|\d{1,3}|\/.*|file:.*|<.*>|\*+)$/i;

export const imageConfig: Detector<ImageConfigInput> = {
  id: 'image-config',
  rules: imageConfigRules,
  analyzer: imageConfigAnalyzer,
  inspect({ settings, facts }) {
    return [...(settings === null ? [] : inspectSettings(settings)), ...inspectModes(facts)];
  },
};

function* inspectSettings(settings: ImageSettings): Generator<Draft> {
  const find = (rule: keyof typeof imageConfigRules, subject: string, more: { layer?: string; instruction?: string; evidence?: string } = {}): Draft => draftOf(imageConfig, rule, { subject, ...more });
  const user = settings.user.split(':', 1)[0] ?? '';
  if (user === '') yield find('image-config-no-user', '');
  else if (user === 'root' || /^0+$/.test(user)) yield find('image-config-root-user', user, { evidence: `USER ${settings.user}` });
  if (!settings.healthcheck) yield find('image-config-no-healthcheck', '');
  if (settings.base !== undefined && isMoving(settings.base)) yield find('image-config-latest-base', settings.base, { evidence: settings.base });
  for (const port of settings.exposedPorts) {
    const name = sensitivePorts[port.split('/', 1)[0] ?? ''];
    if (name !== undefined) yield find('image-config-sensitive-port', port, { evidence: `EXPOSE ${port} (${name})` });
  }
  for (const entry of settings.env) {
    const leak = leakIn(entry);
    if (leak !== undefined) yield find('image-config-secret-name', `ENV ${leak.name}`, { evidence: `ENV ${leak.name}=${leak.masked}` });
  }
  for (const { instruction, layer } of settings.history) {
    const place = { instruction: instructionWithoutSecrets(instruction), ...(layer === undefined ? {} : { layer }) };
    if (/(?:^|\bnop\)\s*)ADD\s+(?:--\S+\s+)*https?:\/\/|^ADD https?:/i.test(instruction) && !/--checksum=/.test(instruction)) yield find('image-config-add-remote', instruction, place);
    if (/\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:\/\S*\/)?(?:ba|da|z|k)?sh\b/.test(instruction)) yield find('image-config-pipe-to-shell', instruction, place);
    for (const argument of buildArguments(instruction)) {
      const leak = leakIn(argument);
      if (leak !== undefined) yield find('image-config-secret-name', `ARG ${leak.name}`, { ...place, evidence: `ARG ${leak.name}=${leak.masked}` });
    }
  }
}

/** `NAME=VALUE` whose name is a secret's and whose value is more than a placeholder. */
function leakIn(entry: string): { name: string; masked: string } | undefined {
  const at = entry.indexOf('=');
  const name = entry.slice(0, at);
  const value = entry.slice(at + 1).replace(/^(["'])(.*)\1$/s, '$2');
  if (at <= 0 || !secretName.test(name) || harmless.test(value)) return undefined;
  return { name, masked: maskSecret(value) };
}

/** Build arguments as history keeps them: `ARG NAME=VALUE`, and before a RUN as `|2 A=x B=y /bin/sh -c`. */
function buildArguments(instruction: string): string[] {
  const declared = /(?:^|\s)ARG\s+(\w+=\S+)/.exec(instruction)?.[1];
  const listed = /^(?:RUN\s+)?\|(\d+)\s+/.exec(instruction);
  const found = declared === undefined ? [] : [declared];
  if (listed !== null) found.push(...instruction.slice(listed[0].length).split(/\s+(?=\w+=|\/)/).slice(0, Number(listed[1])));
  return found;
}

/** The instruction as a report may show it: values of secret-looking names are masked. */
export function instructionWithoutSecrets(instruction: string): string {
  return instruction.replace(/\b(\w+)=("[^"]*"|'[^']*'|\S+)/g, (whole: string, name: string, value: string) =>
    secretName.test(name) && !harmless.test(value) ? `${name}=${maskSecret(value)}` : whole,
  );
}

function isMoving(name: string): boolean {
  if (name.includes('@sha256:') || name === 'scratch') return false;
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  return tag === undefined || tag === 'latest';
}

function* inspectModes(facts: readonly Fact[]): Generator<Draft> {
  for (const fact of facts) {
    if (fact.analyzer !== 'image-config') continue;
    const { mode, uid } = fact.data as ModeFact;
    const place = {
      subject: fact.path,
      path: fact.path,
      evidence: `mode ${mode.toString(8).padStart(4, '0')}, uid ${uid}`,
      ...(fact.layer === '' ? {} : { layer: fact.layer }),
      ...(fact.removed === undefined ? {} : { removed: fact.removed }),
    };
    if ((mode & 0o6000) !== 0) yield draftOf(imageConfig, isDistributed(fact.path) ? 'image-config-setuid' : 'image-config-setuid-unusual', place);
    if ((mode & 0o002) !== 0) yield draftOf(imageConfig, 'image-config-world-writable', place);
  }
}
