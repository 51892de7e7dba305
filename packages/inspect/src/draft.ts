import { deterministicId } from '@palisade/model/id';
import type { Detector, Draft } from './detector.ts';

/** What differs between two finds of one rule. */
export type Where = Partial<Pick<Draft, 'layer' | 'instruction' | 'path' | 'removed' | 'evidence'>> & { readonly subject: string };

/** A finding of one of the detector's rules; its id is the same on every machine for the same rule, place and subject. */
export function draftOf(detector: Pick<Detector<never>, 'rules'>, rule: string, where: Where): Draft {
  const { subject, ...place } = where;
  const known = detector.rules[rule];
  if (known === undefined) throw new Error(`the detector has no rule ${rule}`);
  return {
    id: deterministicId('fnd', 'misconfiguration', rule, place.layer ?? '', place.path ?? '', subject),
    kind: 'misconfiguration',
    rule,
    severity: known.severity,
    answer: 'affected',
    ...place,
    title: known.title,
    description: known.description,
    remedy: known.remedy,
    references: [...known.references],
  };
}
