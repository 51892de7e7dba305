import type { PatchOffer } from '@palisade/app-console/routes/waf-patches';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { get } from '../api.ts';
import { Part } from './story.tsx';
import { useSpeech } from './text.ts';

/** What the firewall can do until the image is fixed; nothing where no rule is known. */
export function PatchOfferPart({ rule }: { rule: string }): ReactNode {
  const { t, number } = useSpeech();
  const path = `/waf/patches/${encodeURIComponent(rule)}`;
  const offer = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<z.infer<typeof PatchOffer>>(path, {}, signal) });
  const { data } = offer;
  if (data === undefined || data.rules.length === 0) return null;
  const on = data.sites.filter((site) => site.on);
  return (
    <Part title={t('wafPatch.title')}>
      <p>
        {t('wafPatch.known', { rules: data.rules.join(', '), images: number(data.images) })}{' '}
        {on.length > 0 ? t('wafPatch.on') : t('wafPatch.off')}{' '}
        {(on.length > 0 ? on : data.sites).map((site) => (
          <Link key={site.id} to={`/web-protection/sites/${site.id}`} style={{ marginInlineEnd: 8 }}>{site.name}</Link>
        ))}
        {data.sites.length === 0 ? <Link to="/web-protection/sites/new">{t('wafSite.new')}</Link> : null}
      </p>
    </Part>
  );
}
