import type { Found } from '../found.ts';

const line = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,#*]+)\s*(?:[;#\\].*|--hash.*|$)/;

/** Pinned requirements (name==version) of a pip requirements file. Ranges, URLs and options name no version and are no package. */
export function readRequirements(text: string): { packages: Found[]; bad: number } {
  const packages: Found[] = [];
  for (const raw of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const match = line.exec(raw.trim());
    if (match !== null) packages.push({ type: 'pypi', name: match[1] ?? '', version: match[2] ?? '' });
  }
  return { packages, bad: 0 };
}
