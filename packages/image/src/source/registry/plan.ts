import type { Gap } from '@palisade/model/gap';
import { bufferContent, fileContent, sliceContent } from '../../content.ts';
import type { BlobStore } from '../archive-index.ts';
import { openOciLayout } from '../oci-layout.ts';
import type { OpenedImage } from '../opened-image.ts';

/** A pulled image: where each verified blob lies in the file that comes with it. */
export type RegistryImagePlan = {
  readonly reference: string;
  /** Digest of the image's manifest. */
  readonly manifest: string;
  readonly platform: string;
  readonly gaps: readonly Gap[];
  readonly blobs: Readonly<Record<string, readonly [start: number, size: number]>>;
};

/** Opens a pulled image like an OCI layout of one manifest; `fd` is owned from here on. */
export function openRegistryPlan(plan: RegistryImagePlan, fd: number): OpenedImage {
  const whole = fileContent(fd, 0, Number.MAX_SAFE_INTEGER, true);
  const store: BlobStore = {
    names: () => [],
    get(name) {
      if (name === 'index.json') return bufferContent(Buffer.from(JSON.stringify({ manifests: [{ digest: plan.manifest }] })));
      const digest = name.replace(/^blobs\//, '').replace('/', ':');
      const place = Object.hasOwn(plan.blobs, digest) ? plan.blobs[digest] : undefined;
      return place === undefined ? undefined : sliceContent(whole, place[0], place[1]);
    },
    close: () => whole.close(),
  };
  const opened = openOciLayout(store, `registry:${plan.reference}`, { platform: plan.platform });
  return { ...opened, image: { ...opened.image, names: [plan.reference] }, gaps: [...plan.gaps, ...opened.gaps] };
}
