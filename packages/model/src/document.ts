import { z } from 'zod';
import { Scope } from './scope.ts';

export const apiVersion = 'palisade/v1';

export const Metadata = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'lower-case letters, digits, "-" and "."'),
  scope: Scope.default({}),
  labels: z.record(z.string(), z.string()).optional(),
  owner: z.enum(['console', 'git']).default('console'),
});
export type Metadata = z.infer<typeof Metadata>;

/** The one form of everything a user declares: file, REST body, table row and later CRD. */
export function documentOf<Kind extends string, Spec extends z.ZodType>(
  kind: Kind,
  spec: Spec,
): z.ZodObject<{ apiVersion: z.ZodLiteral<'palisade/v1'>; kind: z.ZodLiteral<Kind>; metadata: typeof Metadata; spec: Spec }, z.core.$strict> {
  return z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(kind), metadata: Metadata, spec });
}
