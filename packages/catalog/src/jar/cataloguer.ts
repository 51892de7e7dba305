import type { RandomAccess, Report } from '@palisade/image/analyzer';
import { messageOf } from '@palisade/model/error';
import type { Cataloguer, Found } from '../found.ts';
import { basename, limited, malformed } from '../found.ts';
import { fromNameAndManifest, fromPomProperties, readManifest } from './identity.ts';
import type { ZipEntry } from './zip.ts';
import { inMemory, readDirectory, readEntry, zipLimits } from './zip.ts';

/** Against archives nested to exhaust us: depth, bytes unpacked and archives looked at for one outer file. */
const limits = { depth: 5, bytes: 512 * 1024 * 1024, archives: 20_000, text: 1024 * 1024 } as const;

const archive = /\.(?:jar|war|ear|jpi|hpi|par|sar)$/i;

type Budget = { bytes: number; archives: number };

/** Java archives, nested ones included, by Maven's pom.properties, else by manifest and file name. */
export const jar: Cataloguer = {
  id: 'jar',
  version: 1,
  wants: (stat) => stat.type === 'file' && archive.test(stat.path) && stat.size > 0,
  async read(file, report) {
    const found: Found[] = [];
    await readArchive(await file.random(), { path: file.stat.path, inside: '', depth: 0 }, found, { bytes: limits.bytes, archives: limits.archives }, report);
    return found.length === 0 ? undefined : { packages: found };
  },
};

type Place = { readonly path: string; readonly inside: string; readonly depth: number };

async function readArchive(file: RandomAccess, place: Place, found: Found[], budget: Budget, report: Report): Promise<void> {
  const shown = place.inside === '' ? place.path : `${place.path}!${place.inside}`;
  let entries: ZipEntry[];
  try {
    entries = await readDirectory(file);
  } catch (error) {
    report.gap(malformed(shown, messageOf(error)));
    return;
  }
  const before = found.length;
  const inside = place.inside === '' ? {} : { inside: place.inside };
  let manifest: ReadonlyMap<string, string> = new Map();
  let bad = 0;
  let reason = '';
  for (const entry of entries) {
    report.signal.throwIfAborted();
    const isPom = entry.name.startsWith('META-INF/maven/') && entry.name.endsWith('/pom.properties');
    const isManifest = entry.name === 'META-INF/MANIFEST.MF';
    if (!isPom && !isManifest && !archive.test(entry.name)) continue;
    // Entries may share their bytes: what they unpack to is charged each time.
    budget.bytes -= entry.size;
    if (budget.bytes < 0) {
      report.gap(limited(place.path, `more than ${limits.bytes} bytes to unpack; what came after was not read`));
      break;
    }
    try {
      if (isPom) {
        const one = fromPomProperties((await readEntry(file, entry, textLimit(entry))).toString('utf8'));
        if (one !== undefined) found.push({ ...one, ...inside });
      } else if (isManifest) {
        manifest = readManifest((await readEntry(file, entry, textLimit(entry))).toString('utf8'));
      } else {
        await readNested(file, entry, place, found, budget, report);
      }
    } catch (error) {
      report.signal.throwIfAborted();
      bad += 1;
      reason ||= messageOf(error);
    }
  }
  if (bad > 0) report.gap(malformed(shown, reason, bad));
  if (found.slice(before).some((one) => one.inside === inside.inside)) return;
  const named = fromNameAndManifest(basename(place.inside === '' ? place.path : place.inside), manifest);
  if (named !== undefined) found.push({ ...named, ...inside });
}

/** A text may be as long as it says, within the limit: a forged size then fails while unpacking. */
function textLimit(entry: ZipEntry): number {
  return entry.size > limits.text ? limits.text : Math.max(1, entry.size);
}

async function readNested(file: RandomAccess, entry: ZipEntry, place: Place, found: Found[], budget: Budget, report: Report): Promise<void> {
  const inside = place.inside === '' ? entry.name : `${place.inside}!${entry.name}`;
  if (entry.size === 0) return;
  if (place.depth >= limits.depth) return report.gap(limited(`${place.path}!${inside}`, `archives nested deeper than ${limits.depth}`));
  budget.archives -= 1;
  if (budget.archives < 0) {
    // Said once, not for each of them.
    if (budget.archives === -1) report.gap(limited(place.path, `more than ${limits.archives} nested archives; those after were not read`));
    return;
  }
  const bytes = await readEntry(file, entry, Math.min(zipLimits.entry, entry.size));
  await readArchive(inMemory(bytes), { path: place.path, inside, depth: place.depth + 1 }, found, budget, report);
}
