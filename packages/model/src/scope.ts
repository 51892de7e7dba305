import { z } from 'zod';

/**
 * Where an object belongs. The empty scope is the whole installation; a cluster alone covers all of its
 * namespaces and projects. A plain Docker host is a cluster of one node; a Compose project is a project.
 */
export const Scope = z.object({
  cluster: z.string().optional(),
  namespace: z.string().optional(),
  project: z.string().optional(),
});
export type Scope = z.infer<typeof Scope>;

/** True when `outer` covers `inner`: every field that outer names, inner has with the same value. */
export function covers(outer: Scope, inner: Scope): boolean {
  return (
    (outer.cluster === undefined || outer.cluster === inner.cluster) &&
    (outer.namespace === undefined || outer.namespace === inner.namespace) &&
    (outer.project === undefined || outer.project === inner.project)
  );
}
