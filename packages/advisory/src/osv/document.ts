import { z } from 'zod';

// OSV schema 1.7 (https://ossf.github.io/osv-schema/), as far as we read it. Publishers differ in what they leave
// out and what they write null for, so everything but the identity is optional; unknown fields pass.
const text = z.string().nullish();
const list = <T extends z.ZodType>(item: T) => z.array(item).nullish();
const free = z.record(z.string(), z.unknown()).nullish().catch(null);

const severity = list(z.looseObject({ type: text, score: z.union([z.string(), z.number()]).nullish() }));

const version = z.union([z.string(), z.number()]).transform(String);

export const OsvDocument = z.looseObject({
  id: z.string().min(1).max(256),
  modified: text,
  published: text,
  withdrawn: text,
  aliases: list(z.string()),
  related: list(z.string()),
  upstream: list(z.string()),
  summary: text,
  details: text,
  severity,
  references: list(z.looseObject({ url: text })),
  database_specific: free,
  affected: list(
    z.looseObject({
      package: z.looseObject({ ecosystem: z.string().max(256), name: z.string().max(1024), purl: text }).nullish(),
      severity,
      ranges: list(
        z.looseObject({
          type: z.string(),
          events: list(z.looseObject({ introduced: version.nullish(), fixed: version.nullish(), last_affected: version.nullish(), limit: version.nullish() })),
        }),
      ),
      // Not a list: the ranges still hold; the parser names the record as damaged.
      versions: list(version).catch(null),
      ecosystem_specific: free,
      database_specific: free,
    }),
  ),
});
export type OsvDocument = z.infer<typeof OsvDocument>;
export type OsvAffected = NonNullable<NonNullable<OsvDocument['affected']>[number]>;
