import { z } from 'zod';

/**
 * An installed package. `ecosystem` is an OSV ecosystem with its release where it has one ("Debian:12",
 * "Alpine:v3.20", "npm", "PyPI", "Maven", "Go", "Red Hat:9"). `layer` is the diff id that brought the file
 * which proves it; `ownedBy` is the purl of the distribution package whose file list holds that file;
 * `removed` is the diff id of the layer that deleted it again.
 */
export const Package = z.object({
  purl: z.string(),
  name: z.string(),
  version: z.string(),
  ecosystem: z.string(),
  layer: z.string().optional(),
  paths: z.array(z.string()),
  ownedBy: z.string().optional(),
  removed: z.string().optional(),
  /** Source package as the distribution's advisories name it, where it differs from the binary package. */
  source: z.object({ name: z.string(), version: z.string() }).optional(),
  arch: z.string().optional(),
  licenses: z.array(z.string()).optional(),
  dev: z.boolean().optional(),
});
export type Package = z.infer<typeof Package>;
