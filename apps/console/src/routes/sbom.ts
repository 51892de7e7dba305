import { sql } from 'kysely';
import { z } from 'zod';
import type { Verdict } from '@palisade/model/verdict';
import { formatCycloneDx } from '@palisade/report/cyclonedx';
import { formatSpdx } from '@palisade/report/spdx';
import { visibleImages } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { questionOf, storedImageColumns } from '../judging/stored.ts';
import type { StoredImage } from '../judging/stored.ts';

const formats = {
  cyclonedx: { write: formatCycloneDx, type: 'application/vnd.cyclonedx+json; version=1.6', ending: 'cdx.json' },
  spdx: { write: formatSpdx, type: 'application/spdx+json', ending: 'spdx.json' },
} as const;

/** What is stored about an image as one document: packages, findings, verdict and gaps, in the console's present answer. */
export function sbomRoutes(app: App, { db, version }: Context): void {
  app.get(
    '/api/v1/images/:id/sbom',
    {
      config: { permission: 'read' },
      schema: { tags: ['images'], summary: 'The image as CycloneDX 1.6 or SPDX 2.3, a file to download', params: z.object({ id: z.string().max(100) }), querystring: z.object({ format: z.enum(['cyclonedx', 'spdx']).default('cyclonedx') }) },
    },
    async (request, reply) => {
      const { id } = request.params;
      const found = await sql<StoredImage & { verdict: Verdict | null; scanned: string | null }>`select ${storedImageColumns}, i.verdict, i.scan_at scanned from images i join clusters c on c.id = i.cluster where i.key = ${id} and ${visibleImages(request.scopes, 'i')}`.execute(db);
      const image = found.rows[0];
      if (image === undefined) throw refuse('not-found');
      if (image.scanned === null) throw refuse('conflict', 'this image has not been scanned yet: there is nothing to write');
      const now = new Date();
      const { scan } = await questionOf(db, image, false, now.toISOString());
      const { write, type, ending } = formats[request.query.format];
      const name = (image.name === '' ? id : image.name).replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 120);
      return reply.type(type).header('content-disposition', `attachment; filename="${name}.${ending}"`).send(write({ ...scan, verdict: image.verdict ?? scan.verdict }, { now, version }));
    },
  );
}
