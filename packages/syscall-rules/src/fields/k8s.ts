import type { Pod } from '../event.ts';
import { labelText } from './container.ts';
import type { FieldDefinition, FieldType, FieldValue } from './field.ts';
import { field } from './field.ts';

const own = (name: string, type: FieldType, get: (pod: Pod) => FieldValue, extra: Partial<FieldDefinition> = {}) =>
  field(name, type, (event) => (event.process.container.pod === undefined ? undefined : get(event.process.container.pod)), extra);
const unfilled = { unfilled: 'the container engine does not tell it; container.label has what it does tell' };
const filled = (text: string): string | undefined => (text === '' ? undefined : text);
const legacy = (name: string) => own(name, 'string', () => undefined, { deprecated: 'no longer filled by Falco since 0.36' });

// What the container runtime knows of its pod. Owners (deployment, replica set …) are not among it.
const owners = ['rc', 'svc', 'rs', 'deployment'].flatMap((kind) => [legacy(`k8s.${kind}.name`), legacy(`k8s.${kind}.id`), legacy(`k8s.${kind}.labels`), { ...legacy(`k8s.${kind}.label`), argument: 'dotted' as const }]);

/** Falco's k8s.*. */
export const k8sFields: readonly FieldDefinition[] = [
  own('k8s.pod.name', 'string', (pod) => filled(pod.name)),
  own('k8s.pod.id', 'string', (pod) => filled(pod.uid)),
  own('k8s.pod.uid', 'string', (pod) => filled(pod.uid)),
  own('k8s.pod.sandbox_id', 'string', (pod) => filled(pod.sandboxId)),
  own('k8s.pod.full_sandbox_id', 'string', (pod) => filled(pod.fullSandboxId)),
  { name: 'k8s.pod.label', type: 'string', argument: 'dotted', ...unfilled, bind: (argument) => (event) => event.process.container.pod?.labels[argument ?? ''] },
  own('k8s.pod.labels', 'string', (pod) => labelText(pod.labels), unfilled),
  own('k8s.pod.ip', 'string', (pod) => filled(pod.ip), unfilled),
  own('k8s.pod.cni.json', 'string', (pod) => filled(pod.cniJson), unfilled),
  own('k8s.ns.name', 'string', (pod) => filled(pod.namespace)),
  legacy('k8s.ns.id'),
  legacy('k8s.ns.labels'),
  { ...legacy('k8s.ns.label'), argument: 'dotted' },
  ...owners,
];
