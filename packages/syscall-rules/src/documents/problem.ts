/** One thing wrong with a rule file, or worth knowing. `line` counts from 1; `item` names the rule, macro or list. */
export type Problem = {
  readonly severity: 'error' | 'warning';
  /** Stable word: yaml, item, condition, field, event, macro, list, exception, output, version, source, unused … */
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly item?: string;
  readonly field?: string;
  readonly message: string;
};

/** "file:line: rule "x": message", the one form of every report. */
export function problemLine(problem: Problem): string {
  const item = problem.item === undefined ? '' : ` ${problem.item}:`;
  return `${problem.file}:${problem.line}: ${problem.severity}:${item} ${problem.message}`;
}

/** Thrown inside the reader for one item; the next item is still read, so that all errors are listed. */
export class ItemError extends Error {
  override readonly name = 'ItemError';
  readonly code: string;
  readonly line: number;
  readonly field: string | undefined;
  constructor(code: string, line: number, message: string, field?: string) {
    super(message);
    this.code = code;
    this.line = line;
    this.field = field;
  }
}
