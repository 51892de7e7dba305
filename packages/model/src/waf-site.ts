import { z } from 'zod';
import { documentOf } from './document.ts';
import { wafModes } from './waf-event.ts';

const glob = z.string().min(1).max(500);

/** Which containers; `*` is a glob within the value. A firewall in front of everything is refused. */
const Where = z
  .strictObject({ cluster: glob.optional(), namespace: glob.optional(), project: glob.optional(), workload: glob.optional(), image: glob.optional(), container: glob.optional() })
  .refine(({ namespace, project, workload, image, container }) => [namespace, project, workload, image, container].some((value) => value !== undefined), 'where is empty: name the containers by namespace, project, workload, image or container');

export const WafRoute = z.strictObject({
  /** Of the path, `*` for any run of characters. */
  path: z.string().regex(/^[/*]/, 'a path, such as /api/*').max(500),
  methods: z.array(z.string().regex(/^[A-Z]{1,20}$/, 'a method in capitals')).min(1).max(20).optional(),
  mode: z.enum(wafModes),
});
export type WafRoute = z.infer<typeof WafRoute>;

/** One parameter of one route that one rule no longer looks at, until the end of a day. What stands here goes into rules as it is. */
export const WafExclusion = z.strictObject({
  rule: z.number().int().min(1).max(999_999_999),
  method: z.string().regex(/^[A-Z]{1,20}$/, 'a method in capitals'),
  path: z.string().max(2000).regex(/^\/[^\s"'\\,%]*$/, 'a path without blanks, quotes, backslashes, commas and percent signs'),
  variable: z.string().max(300).regex(/^(?!(?:TX|MATCHED_VARS?|IP|GLOBAL|SESSION|USER|RESOURCE)\b)[A-Z][A-Z_]*(?::[A-Za-z0-9_.[\]@-]+)?$/, 'a variable of the request, such as ARGS:q'),
  reason: z.string().min(1).max(300),
  owner: z.string().min(1).max(300),
  until: z.iso.date(),
});
export type WafExclusion = z.infer<typeof WafExclusion>;

/** The firewall in front of containers' ports; the agent of each node brings it into being. */
export const WafSite = documentOf(
  'WafSite',
  z.strictObject({
    where: Where,
    ports: z.array(z.number().int().min(1).max(65_535)).min(1).max(16),
    mode: z.enum(wafModes),
    paranoia: z.number().int().min(1).max(4).default(1),
    /** What a port does while no worker serves it: pass everything, or nothing. */
    fail: z.enum(['open', 'closed']).default('open'),
    /** TLS that isn't ended here, HTTP/2 and protocols that are not HTTP. */
    uninspected: z.enum(['relay', 'refuse']).default('relay'),
    /** Protects even where the application then sees the firewall's address instead of the client's. */
    hideClientAddress: z.boolean().default(false),
    /** Rules against the known use of vulnerabilities, before those containers whose image has them; gone with the fixed image. */
    virtualPatches: z.boolean().default(false),
    /** The first that fits decides the mode instead of `mode`. */
    routes: z.array(WafRoute).max(200).default([]),
    exclusions: z.array(WafExclusion).max(500).default([]),
  }),
);
export type WafSite = z.infer<typeof WafSite>;
