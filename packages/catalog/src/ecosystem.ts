import type { Found } from './found.ts';

const ecosystems: Readonly<Record<string, string>> = {
  npm: 'npm', pypi: 'PyPI', maven: 'Maven', golang: 'Go', cargo: 'crates.io', gem: 'RubyGems', composer: 'Packagist', nuget: 'NuGet', hex: 'Hex', pub: 'Pub', cran: 'CRAN', conan: 'ConanCenter', hackage: 'Hackage', swift: 'SwiftURL', julia: 'Julia', opam: 'opam', conda: 'Conda', cocoapods: 'CocoaPods', bitnami: 'Bitnami',
};

/** OSV's ecosystem of a language package. */
export function ecosystemOfType(type: string): string {
  return Object.hasOwn(ecosystems, type) ? (ecosystems[type] ?? type) : type;
}

/** The name that the ecosystem's advisories use: "@scope/name", "group:artifact", a module path. */
export function packageName(found: Found): string {
  if (found.namespace === undefined || found.namespace === '') return found.type === 'pypi' ? found.name.toLowerCase().replace(/[-_.]+/g, '-') : found.name;
  return `${found.namespace}${found.type === 'maven' ? ':' : '/'}${found.name}`;
}
