import type { Transaction } from './transaction.ts';

/** How long the rules of one transaction may take, by a clock that the caller brings. */
export type Budget = { readonly milliseconds: number; /** Milliseconds, never going back. */ readonly clock: () => number };
/** What is left of it; `until` is set while a phase runs. */
export type Spending = Budget & { left: number; until: number };

class OverBudget extends Error {
  override readonly name = 'OverBudget';
}

/** Asked between rules and between the values of a rule: a pattern itself is bounded when it is loaded. */
export function checkBudget(budget: Spending): void {
  if (budget.clock() > budget.until) throw new OverBudget('over budget');
}

/**
 * Runs a phase within what is left. Beyond, the rest of the transaction's rules don't run: a gap says so, and where
 * rules may stop requests this one is stopped, because nothing is known of it.
 */
export function withinBudget(tx: Transaction, phase: number, run: () => void): void {
  const { budget } = tx;
  if (budget === undefined) {
    run();
    return;
  }
  if (budget.left <= 0) return;
  const from = budget.clock();
  budget.until = from + budget.left;
  try {
    run();
    budget.left -= budget.clock() - from;
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    budget.left = 0;
    tx.gaps.push({ kind: 'limit-time', subject: `phase ${phase}`, count: 1, reason: `the rules took longer than ${budget.milliseconds} ms; the rest of them did not run` });
    if (tx.settings.ruleEngine === 'On' && phase < 5) tx.intervention ??= { rule: 0, action: 'deny', status: 503, log: 'The rules took too long for this request' };
  }
}
