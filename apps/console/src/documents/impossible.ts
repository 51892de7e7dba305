import type { Preventable } from '@palisade/verdict/response/compile';
import { refusals } from '@palisade/verdict/response/compile';
import type { FurtherFault, PalisadeDocument } from '@palisade/verdict/document/registry';

/** What a document asks for and nobody can do: a rule that can't prevent is not left to be found out on the node. */
export function impossible(document: PalisadeDocument, pack: readonly Preventable[] | undefined): readonly FurtherFault[] {
  if (document.kind !== 'ResponsePolicy') return [];
  const asking = document.spec.rules.findIndex((rule) => rule.then.includes('prevent'));
  if (asking >= 0 && pack === undefined) return [{ path: ['spec', 'rules', asking, 'then'], cause: 'this console has no rule pack, so it cannot say which rules may prevent' }];
  return refusals(document, pack ?? []).map(({ index, rule, reason }) => ({ path: ['spec', 'rules', index, 'then'], cause: `rule "${rule}": ${reason}` }));
}
