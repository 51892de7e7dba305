import type { Overrides } from './ftw-case.ts';
import type { Request } from './ftw-request.ts';

/** What the suites expect of the web server around the rules; a list of overrides says for which one it was written. */
export type Platform = {
  /** The status with which the server itself refuses a request, and whether rules see the request all the same. */
  refuses(request: Request): { readonly status: number; readonly inspected: boolean } | undefined;
  /** Header fields that the server passes on. */
  passes(name: string): boolean;
  /** Directives besides the suite's own. */
  readonly directives: string;
  /** Whether rules with `noauditlog` reach the log that tests read. */
  readonly logsUnaudited: boolean;
};

const hostOf = ({ headers }: Request): string | undefined => headers.find(({ name }) => name.toLowerCase() === 'host')?.value;
const lengthIsNumber = ({ headers }: Request): boolean => headers.every(({ name, value }) => name.toLowerCase() !== 'content-length' || /^\d+$/.test(value));

type Lenience = { readonly emptyHost: boolean; readonly anyHost: boolean; readonly fragments: boolean; /** Requests of HTTP/2 and later in HTTP/1 syntax never reach the rules. */ readonly versionFirst: boolean };

/** RFC 9112 as Apache's strict mode applies it; the suites' own expectations are written for that. */
function refusal(request: Request, lenience: Lenience): { status: number; inspected: boolean } | undefined {
  const { protocol } = request;
  const bad = { status: 400, inspected: true };
  if (protocol !== '') {
    const major = /^HTTP\/(\d)(?:\.\d)?$/.exec(protocol)?.[1];
    if (major === undefined || major === '0') return bad;
    if (Number(major) > 1) return { status: 505, inspected: !lenience.versionFirst };
  }
  if (!lengthIsNumber(request)) return bad;
  const host = hostOf(request);
  if (host === undefined && protocol === 'HTTP/1.1') return bad;
  if (host === '' && !lenience.emptyHost) return bad;
  if (host !== undefined && !lenience.anyHost && /[^A-Za-z0-9._:[\]-]/.test(host)) return bad;
  return request.uri.includes('#') && !lenience.fragments ? bad : undefined;
}

// The other servers differ from that where the override lists of the suites say so.
const strict: Lenience = { emptyHost: false, anyHost: false, fragments: false, versionFirst: false };
const lenienceOf: Readonly<Record<string, Lenience>> = {
  nginx: { ...strict, anyHost: true, fragments: true, versionFirst: true },
  go: { ...strict, emptyHost: true, versionFirst: true },
};

const shortNames = 'setvar:tx.arg_name_length=100';

/** The server that the override lists describe; without one, the suites' default. */
export function platformOf(lists: readonly Overrides[]): Platform {
  const platform = lists.at(-1)?.platform ?? '';
  const engine = lists.at(-1)?.engine ?? '';
  const lenience = lenienceOf[platform] ?? strict;
  const modsecurity3 = engine.startsWith('libmodsecurity');
  const actions = [...(platform === 'nginx' || platform === 'httpd' ? [] : [shortNames]), ...(modsecurity3 ? ['ctl:forceRequestBodyVariable=On'] : [])];
  return {
    refuses: (request) => refusal(request, lenience),
    passes: platform === 'nginx' ? (name) => /^[A-Za-z0-9-]+$/.test(name) : () => true,
    directives: actions.length === 0 ? '' : `SecAction "id:200901,phase:1,pass,nolog,${actions.join(',')}"\n`,
    logsUnaudited: !modsecurity3,
  };
}
