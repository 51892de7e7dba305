import type { Analyzer, Json } from '@palisade/image/analyzer';
import type { Gap } from '@palisade/model/gap';

/**
 * A package as its file says it, before anything is known of the image around it. `type` is the purl type;
 * `namespace` a Maven group, npm scope or the like (never the distribution, which the assembly adds).
 */
export type Found = {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly namespace?: string;
  readonly arch?: string;
  readonly source?: { readonly name: string; readonly version: string };
  readonly licenses?: readonly string[];
  readonly dev?: boolean;
  readonly qualifiers?: { readonly [key: string]: string };
  readonly subpath?: string;
  /** Place inside the file, such as the path of a jar in a war. */
  readonly inside?: string;
};

/** Which paths (relative, no leading slash) a distribution package installed; only those that can hold a language package. */
export type Owned = { readonly owner: string; readonly paths: readonly string[] };

/** The fields of os-release(5) that decide an ecosystem. */
export type OsRelease = { readonly id: string; readonly versionId: string; readonly version: string; readonly codename: string; readonly idLike: readonly string[] };

/** What a cataloguer learns from one file. `database`: the file lists everything installed, so a later one replaces it as a whole. */
export type CatalogData = {
  readonly packages?: readonly Found[];
  readonly owned?: readonly Owned[];
  readonly osRelease?: OsRelease;
  readonly database?: boolean;
};

/** A reader of one package format. */
export type Cataloguer = Analyzer<CatalogData & Json>;

/** A part of a file that could not be read as what it claims to be. */
export function malformed(path: string, reason: string, count = 1): Gap {
  return { kind: 'package-file-malformed', subject: path, reason, count };
}

/** A limit that kept a part of a file from being read. */
export function limited(path: string, reason: string): Gap {
  return { kind: 'limit-package-file', subject: path, reason, count: 1 };
}

let lastPath = '';
let lastName = '';

/** The last part of a path. Every cataloguer asks for that of the same file in turn: it is cut off once. */
export function basename(path: string): string {
  if (path !== lastPath) {
    lastPath = path;
    lastName = path.slice(path.lastIndexOf('/') + 1);
  }
  return lastName;
}

/** True for paths at which language packages are found: only their owners need remembering. */
export function mayHoldPackage(path: string): boolean {
  return (
    /\.(?:jar|war|ear|jpi|hpi|gemspec|egg-info|deps\.json)$/.test(path) ||
    /(?:^|\/)(?:package\.json|METADATA|PKG-INFO|installed\.json|DESCRIPTION)$/.test(path) ||
    /(?:^|\/)(?:s?bin|libexec)\/[^/]+$/.test(path) ||
    /^usr\/lib\/(?:[^/]+\/)+[^/.]+$/.test(path)
  );
}
