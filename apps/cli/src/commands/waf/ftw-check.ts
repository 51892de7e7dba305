import type { Output } from './ftw-case.ts';
import type { Found } from './ftw-send.ts';

/** What a test expects and does not find; empty when it passes. */
export function problemsOf(output: Output, found: Found): string[] {
  const problems: string[] = [];
  const { log } = output;
  for (const id of log?.expect_ids ?? []) if (!found.ids.includes(id)) problems.push(`expected ${id}`);
  for (const id of log?.no_expect_ids ?? []) if (found.ids.includes(id)) problems.push(`did not expect ${id}`);
  // The older tool looks for plain text as well as for patterns.
  const has = (pattern: string, plain: boolean): boolean => {
    if (plain && found.log.includes(pattern)) return true;
    try {
      return new RegExp(pattern, 'm').test(found.log);
    } catch {
      problems.push(`the pattern ${pattern} can't be read`);
      return false;
    }
  };
  for (const [pattern, plain] of [[output.log_contains, true], [log?.match_regex, false]] as const) if (pattern !== undefined && pattern !== '' && !has(pattern, plain)) problems.push(`expected the log to match ${pattern}`);
  for (const [pattern, plain] of [[output.no_log_contains, true], [log?.no_match_regex, false]] as const) if (pattern !== undefined && pattern !== '' && has(pattern, plain)) problems.push(`did not expect the log to match ${pattern}`);
  if (output.isolated === true && new Set(found.ids).size !== 1) problems.push('expected one rule alone');
  for (const text of [output.response_contains, output.html_contains]) if (text !== undefined && !found.body.includes(text)) problems.push(`expected ${text} in the answer`);
  if (output.expect_error === true && !found.broken) problems.push(`expected no answer, got ${found.status}`);
  if (output.expect_error === false && found.broken) problems.push('expected an answer, got none');
  if (output.status !== undefined) {
    const wanted = Array.isArray(output.status) ? output.status : [output.status];
    // Lists name what a blocking engine answers beside what a watching one does.
    const seen = Array.isArray(output.status) && found.refused ? [found.status, 403] : [found.status];
    if (!wanted.some((status) => seen.includes(status))) problems.push(`expected status ${wanted.join(' or ')}, got ${found.status}`);
  }
  return problems;
}
