import { z } from 'zod';
import { wafModes } from './waf-event.ts';
import { WafRoute } from './waf-site.ts';

/** One protected port of a container, as its worker is told. */
export const FrontSite = z.strictObject({
  /** The warden's name for it: letters, digits and -_.: */
  id: z.string().regex(/^[A-Za-z0-9_.:-]{1,63}$/),
  /** As events and pages name it. */
  name: z.string().min(1).max(500),
  port: z.number().int().min(1).max(65_535),
  mode: z.enum(wafModes),
  paranoia: z.number().int().min(1).max(4),
  rules: z.array(z.string()).min(1),
  /** Where relative rule globs begin. */
  folder: z.string(),
  /** False: the application sees the worker's address, and who asked in X-Forwarded-For. */
  keepsAddress: z.boolean(),
  uninspected: z.enum(['relay', 'refuse']),
  routes: z.array(WafRoute).default([]),
  /** SecLang that is read before the rules: exclusions. */
  before: z.string().default(''),
});
export type FrontSite = z.infer<typeof FrontSite>;

/** The file that workers of one warden read when they start and when a site is new to them. */
export const FrontSettings = z.strictObject({
  /** Socket that events are written to, one JSON object a line. */
  events: z.string(),
  sites: z.array(FrontSite),
});
export type FrontSettings = z.infer<typeof FrontSettings>;
