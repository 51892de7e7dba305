import { deterministicId } from '@palisade/model/id';

/** An image's id in this console: per cluster, so that one cluster's agent cannot speak for another's images. */
export function imageKey(cluster: string, image: string): string {
  return deterministicId('img', cluster, image);
}

/** A container's id in this console. */
export function containerKey(cluster: string, container: string): string {
  return deterministicId('ctr', cluster, container);
}
