import type { VersionScheme } from '../scheme.ts';
import { checkedText } from '../scheme.ts';
import type { MavenItem } from './item.ts';
import { compareItems } from './item.ts';
import { parseItems } from './parse.ts';

/** Maven's order as the POM reference writes it down (ComparableVersion before 3.9 made ".x" and "-x" equal): every text is a version. */
export const maven: VersionScheme<readonly MavenItem[]> = {
  id: 'maven',
  aliases: ['java', 'gradle', 'jar'],
  parse: (text) => parseItems(checkedText('maven', text)),
  compare: compareItems,
};
