import { preventable } from '@palisade/app-agent/response/preventable';
import type { Preventable } from '@palisade/verdict/response/compile';
import type { Io } from '../../command.ts';
import { bareContext, load, readFiles } from './load.ts';

/**
 * The product's runtime rules as far as prevention goes, for a console; nothing where this installation has no pack.
 * Compiled when first asked for: that takes as long as a third of the console's start.
 */
export function packRules(io: Io): { runtimeRules?: () => readonly Preventable[] } {
  let files: ReturnType<typeof readFiles>;
  try {
    files = readFiles([], io);
  } catch {
    return {}; // no content/runtime: the console then refuses what it can't check
  }
  let made: readonly Preventable[] | undefined;
  return {
    runtimeRules() {
      if (made === undefined) {
        const { ruleset, windows } = load(files, bareContext);
        made = preventable({ rules: ruleset.rules, windows });
      }
      return made;
    },
  };
}
