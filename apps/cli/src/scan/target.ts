import { existsSync, openSync, readSync, closeSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ScanResult } from '@palisade/model/scan-result';
import { targetKinds } from '@palisade/model/target-kind';
import { UsageError } from '../command.ts';

/** What to scan; `ref` is a path, an image name or a registry reference. `guessed` when the kind was not written. */
export type Target = { readonly kind: ScanResult['target']['kind']; readonly ref: string; readonly guessed: boolean };

/** Reads `KIND:REF`, or guesses the kind of a bare reference: an existing file or directory first, else an image of the engine. */
export function parseTarget(text: string, cwd: string): Target {
  const colon = text.indexOf(':');
  const written = targetKinds.find((kind) => kind === text.slice(0, colon));
  if (written !== undefined) {
    const ref = text.slice(colon + 1);
    if (ref === '') throw new UsageError(`${written}: names nothing to scan`);
    return { kind: written, ref: written === 'docker' || written === 'registry' ? ref : path.resolve(cwd, ref), guessed: false };
  }
  const file = path.resolve(cwd, text.split('#', 1)[0] ?? text);
  const choice = text.includes('#') ? `#${text.slice(text.indexOf('#') + 1)}` : '';
  if (existsSync(file)) return { kind: kindOfPath(file), ref: `${file}${choice}`, guessed: true };
  if (/^\.{0,2}\//.test(text) || /\.(?:tar|tgz|gz|zst|json|xml|spdx)$/.test(text)) throw new UsageError(`${text}: no such file`);
  return { kind: 'docker', ref: text, guessed: true };
}

function kindOfPath(file: string): Target['kind'] {
  if (statSync(file).isDirectory()) return existsSync(path.join(file, 'oci-layout')) ? 'oci' : 'dir';
  const first = Buffer.alloc(512);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, first, 0, first.length, 0);
  } finally {
    closeSync(fd);
  }
  // JSON, XML or SPDX tag-value: no image archive begins so.
  return /^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe)?\s*(?:\{|<|SPDXVersion:|##)/.test(first.toString('latin1').replaceAll('\0', '')) ? 'sbom' : 'archive';
}
