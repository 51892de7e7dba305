import type { ReactNode } from 'react';
import { PageTabs } from './page-tabs.tsx';

const tabs = [
  ['/web-protection', 'waf.events'],
  ['/web-protection/sites', 'waf.protected'],
  ['/web-protection/sources', 'waf.sources'],
] as const;

/** From requests to what is protected, and to who asked; each has its own URL. */
export function WafTabs({ here }: { here: (typeof tabs)[number][0] }): ReactNode {
  return <PageTabs tabs={tabs} here={here} />;
}
