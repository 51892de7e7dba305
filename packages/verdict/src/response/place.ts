import type { ResponsePlace } from '@palisade/model/response-policy';
import type { Scope } from '@palisade/model/scope';
import { globMatches } from '../glob.ts';
import { imageSpellings } from '../image-name.ts';

/** Where something happened on a node. `container` undefined: on the node itself. */
export type EventPlace = Scope & { readonly workload?: string | undefined; readonly container?: string | undefined; readonly image?: string | undefined };

/** True when the scope says whose the document is and the place is not known to be another's. */
export function inScope(scope: Scope, place: EventPlace): boolean {
  // What is on the node itself belongs to no namespace and no project.
  return (['namespace', 'project'] as const).every((key) => scope[key] === undefined || scope[key] === place[key]);
}

/** True when every part that `where` names is met; a part the place lacks is not met. */
export function meets(where: ResponsePlace, place: EventPlace): boolean {
  for (const key of ['cluster', 'namespace', 'project', 'workload', 'container'] as const) {
    const wanted = where[key];
    if (wanted !== undefined && !globMatches(wanted, place[key] ?? '')) return false;
  }
  const { image } = where;
  return image === undefined || (place.image !== undefined && imageSpellings(place.image).some((spelling) => globMatches(image, spelling)));
}

/** True when `where` asks for more than the cluster: then the kernel, which knows ids only, can't decide it by itself. */
export function narrower(where: ResponsePlace): boolean {
  return (['namespace', 'project', 'workload', 'image', 'container'] as const).some((key) => where[key] !== undefined);
}
