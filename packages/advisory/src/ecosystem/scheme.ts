import { schemeOfEcosystem } from '@palisade/version/ecosystem';
import { baseOf } from './key.ts';

// Publishers who rebuild other ecosystems' packages under their own name ("Root:PyPI", "Echo:npm").
const rebuilders = new Set(['Root', 'Echo']);

/** The version scheme of an ecosystem key, or undefined where none is known. */
export function schemeOf(key: string): string | undefined {
  const base = baseOf(key);
  if (rebuilders.has(base) && key.length > base.length) return schemeOfEcosystem(key.slice(base.length + 1));
  return schemeOfEcosystem(base);
}

const sourceNamed = new Set(['Debian', 'Ubuntu', 'Alpine', 'Wolfi', 'Chainguard', 'MinimOS', 'Root', 'Echo']);
const eitherNamed = new Set(['Rocky Linux', 'openEuler', 'SUSE', 'openSUSE', 'Mageia', 'Oracle Linux', 'Azure Linux', 'Photon OS']);

/**
 * By which of a package's names the ecosystem's advisories call it: its source package (Debian, Alpine origin), the
 * installed package (Red Hat, AlmaLinux), or either.
 */
export function namingOf(key: string): 'source' | 'binary' | 'either' {
  const base = baseOf(key);
  if (sourceNamed.has(base)) return 'source';
  return eitherNamed.has(base) ? 'either' : 'binary';
}
