import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { CelScalar, celEnv, celFunc } from '@bufbuild/cel';
import type { CelEnv } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { compareVersions } from '@palisade/version/compare';

/** The functions a policy has beyond CEL's own. `now` is milliseconds since the epoch. */
export function celEnvironment(now: () => number): CelEnv {
  return celEnv({
    funcs: [
      ...strings,
      celFunc('versionLess', [CelScalar.STRING, CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, (scheme, a, b) => compareVersions(scheme, a, b) < 0),
      celFunc('age', [CelScalar.DYN], CelScalar.DYN, (moment) => {
        const at = typeof moment === 'string' ? Date.parse(moment) : Number.NaN;
        if (Number.isNaN(at)) throw new Error('age() needs a time such as "2026-01-31T00:00:00Z"');
        return create(DurationSchema, { seconds: BigInt(Math.max(0, Math.floor((now() - at) / 1000))) });
      }),
    ],
  });
}

/** What an expression may call, besides operators: CEL's standard library, its string extension, and ours. */
export const celFunctions: ReadonlySet<string> = new Set([
  'size', 'has', 'type', 'dyn', 'string', 'int', 'uint', 'double', 'bool', 'bytes', 'duration', 'timestamp', 'matches',
  'contains', 'startsWith', 'endsWith', 'getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear',
  'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds', 'charAt', 'indexOf', 'lastIndexOf', 'lowerAscii', 'upperAscii',
  'replace', 'split', 'substring', 'trim', 'join', 'format', 'strings.quote', 'quote', 'reverse', 'versionLess', 'age',
]);

/** The variables of a gate policy with their first fields; `open` ones are maps of the user's own keys. */
export const celVariables: Readonly<Record<string, ReadonlySet<string>>> = {
  image: new Set(['id', 'digest', 'platform', 'created', 'user', 'base', 'labels', 'layers', 'signed', 'names']),
  finding: new Set([
    'id', 'kind', 'rule', 'severity', 'answer', 'reason', 'package', 'fixed', 'fixState', 'layer', 'instruction', 'path', 'removed',
    'aliases', 'cvss', 'epss', 'kev', 'evidence', 'priority', 'title', 'references', 'baseLayer',
  ]),
  scan: new Set(['status', 'content', 'feed', 'gaps', 'target', 'packages', 'findings']),
  workload: new Set([
    'id', 'node', 'cluster', 'engine', 'name', 'image', 'imageName', 'state', 'created', 'user', 'labels', 'project', 'namespace', 'workload',
    'ports', 'mounts', 'networkMode', 'pidMode', 'ipcMode', 'utsMode', 'usernsMode', 'privileged', 'readOnlyRoot', 'capAdd', 'capDrop',
    'securityOpt', 'devices', 'limits',
  ]),
};
