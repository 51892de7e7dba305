import type { Container, ContainerMount } from '../event.ts';
import { globMatcher } from '../compile/glob.ts';
import type { FieldDefinition, FieldType, FieldValue } from './field.ts';
import { field } from './field.ts';

const own = (name: string, type: FieldType, get: (container: Container) => FieldValue, extra: Partial<FieldDefinition> = {}) => field(name, type, (event) => get(event.process.container), extra);
const filled = (text: string): string | undefined => (text === '' ? undefined : text);
const notAsked = 'the engine is not asked for it';
const onHost = (container: Container): boolean => container.id === 'host';

function mountText(mount: ContainerMount): string {
  return [mount.source, mount.destination, mount.mode, String(mount.readWrite), mount.propagation].join(':');
}

/** container.mount…[n] by number, […/path] by source (or, for mount.dest, by destination), which may be a glob. */
function mountField(name: string, key: 'source' | 'destination', get: (mount: ContainerMount) => string): FieldDefinition {
  return {
    name,
    type: 'string',
    argument: 'required',
    bind(argument) {
      if (argument === undefined) throw new Error(`${name} needs a number or a path in brackets`);
      const matches = globMatcher(argument);
      const find: (mounts: readonly ContainerMount[]) => ContainerMount | undefined = /^\d+$/.test(argument) ? (mounts) => mounts[Number(argument)] : (mounts) => mounts.find((mount) => matches(mount[key]));
      return (event) => {
        const { container } = event.process;
        const mount = find(container.mounts);
        if (mount !== undefined) return get(mount);
        // Public rules tell "no such mount" by this text; of a container nobody has described nothing can be told.
        return onHost(container) || container.image === '' ? undefined : 'N/A';
      };
    },
  };
}

/** Falco's container.*; the container plugin of 0.41 keeps the names. */
export const containerFields: readonly FieldDefinition[] = [
  own('container.id', 'string', (container) => container.id),
  own('container.full_id', 'string', (container) => filled(container.fullId)),
  own('container.name', 'string', (container) => filled(container.name)),
  own('container.image', 'string', (container) => filled(container.image)),
  own('container.image.id', 'string', (container) => filled(container.imageId)),
  own('container.image.repository', 'string', (container) => filled(container.imageRepository)),
  own('container.image.tag', 'string', (container) => filled(container.imageTag)),
  own('container.image.digest', 'string', (container) => filled(container.imageDigest)),
  own('container.type', 'string', (container) => filled(container.type)),
  own('container.privileged', 'boolean', (container) => (onHost(container) ? undefined : container.privileged)),
  own('container.mounts', 'string', (container) => (onHost(container) ? undefined : container.mounts.map(mountText).join(','))),
  mountField('container.mount', 'source', mountText),
  mountField('container.mount.source', 'destination', (mount) => mount.source),
  mountField('container.mount.dest', 'source', (mount) => mount.destination),
  mountField('container.mount.mode', 'source', (mount) => mount.mode),
  mountField('container.mount.rdwr', 'source', (mount) => String(mount.readWrite)),
  mountField('container.mount.propagation', 'source', (mount) => mount.propagation),
  own('container.healthcheck', 'string', (container) => filled(container.healthcheck), { unfilled: notAsked }),
  own('container.liveness_probe', 'string', (container) => filled(container.livenessProbe), { unfilled: notAsked }),
  own('container.readiness_probe', 'string', (container) => filled(container.readinessProbe), { unfilled: notAsked }),
  field('container.start_ts', 'number', (event, { source }) => (event.process.container.started === undefined ? undefined : Number(source.origin) + event.process.container.started)),
  field('container.duration', 'number', (event) => (event.process.container.started === undefined ? undefined : Math.max(0, event.time - event.process.container.started))),
  own('container.ip', 'string', (container) => filled(container.ip), { unfilled: notAsked }),
  own('container.cni.json', 'string', (container) => filled(container.cniJson), { unfilled: notAsked }),
  own('container.host_pid', 'boolean', (container) => container.hostPid),
  own('container.host_network', 'boolean', (container) => container.hostNetwork),
  own('container.host_ipc', 'boolean', (container) => container.hostIpc),
  { name: 'container.label', type: 'string', argument: 'dotted', bind: (argument) => (event) => event.process.container.labels[argument ?? ''] },
  own('container.labels', 'string', (container) => labelText(container.labels)),
  // The old placeholder of outputs: Falco now appends what it stood for.
  own('container.info', 'string', () => '', { only: 'output' }),
];

/** "key:value, key:value", in the order of the keys. */
export function labelText(labels: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(labels);
  return entries.length === 0 ? undefined : entries.map(([key, value]) => `${key}:${value}`).join(', ');
}
