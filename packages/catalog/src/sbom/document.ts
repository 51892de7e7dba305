import type { Gap } from '@palisade/model/gap';
import { PalisadeError } from '@palisade/model/error';
import type { Package } from '@palisade/model/package';

/** What an SBOM of any format says. `format` as people write it: "CycloneDX 1.6 JSON". */
export type Sbom = { readonly format: string; readonly packages: Package[]; readonly gaps: Gap[]; /** Entries of the document, packages or not. */ readonly entries: number };

/** What one may cost: each stands against a document made to exhaust the reader. Passing one refuses the document. */
export const sbomLimits = { bytes: 128 << 20, entries: 1_000_000, depth: 64, nodes: 4_000_000 } as const;

/** The document is refused: no SBOM, damaged, or against its own format's schema. The message names file, place and cause. */
export class UnreadableSbom extends PalisadeError {
  constructor(subject: string, place: string, cause: string) {
    super('sbom-unreadable', `${subject}: ${place === '' ? '' : `${place}: `}${cause}`, { status: 422, detail: { file: subject, place } });
  }
}
