import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Problem } from './problem.ts';

/** What a person reads of a rule in one language: what happened, why it matters, what to do. */
export const RuleText = z.strictObject({ title: z.string().min(1), what: z.string().min(1), why: z.string().min(1), remedy: z.string().min(1) });
export type RuleText = z.infer<typeof RuleText>;

/** Reads `<file>.<locale>.yaml`: a mapping from rule id (`palisade_R…`) to its text. */
export function readRuleTexts(file: string, content: string): { readonly texts: ReadonlyMap<string, RuleText>; readonly problems: readonly Problem[] } {
  const counter = new LineCounter();
  const document = parseDocument(content, { lineCounter: counter, logLevel: 'silent' });
  const [broken] = document.errors;
  if (broken !== undefined) return { texts: new Map(), problems: [{ severity: 'error', code: 'yaml', file, line: broken.linePos?.[0].line ?? 1, message: broken.message.split('\n')[0] ?? '' }] };
  const parsed = z.record(z.string(), RuleText).safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!parsed.success) return { texts: new Map(), problems: parsed.error.issues.map((issue) => ({ severity: 'error', code: 'texts', file, line: 1, message: `${issue.path.join('.')}: ${issue.message}` })) };
  return { texts: new Map(Object.entries(parsed.data)), problems: [] };
}
