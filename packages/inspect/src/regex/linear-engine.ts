/**
 * V8's flags for patterns whose time is linear. A process that is given them at its start keeps its compiled code: V8
 * refuses code that was compiled under other flags than those in force.
 */
export const linearEngine = ['--enable-experimental-regexp-engine', '--enable-experimental-regexp-engine-on-excessive-backtracks', '--regexp-backtracks-before-fallback=1000000'] as const;
