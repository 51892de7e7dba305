import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullPurl, plainPurl } from '../src/purl.ts';

const full = (...parts: Parameters<typeof fullPurl>): string | undefined => {
  try {
    return fullPurl(...parts);
  } catch {
    return undefined;
  }
};

// Names as they are and as they shouldn't be, over the characters that some type or the escaping treats in its own way.
const word = (extra: string): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(...`abcxyz019.-${extra}`.split('')), minLength: 1, maxLength: 12 });
const name = fc.oneof({ weight: 5, arbitrary: word('+') }, word('_~+:/@ %AÄ'), fc.constantFrom('node_modules', 'favicon.ico', 'http', 'libstdc++6', 'gcc-12-base', 'python3.11', '-', '.', '..', '%2b'));
const namespace = fc.oneof(fc.constant(undefined), fc.constant(''), word(''), word('@/'), word('_~+:/@ %AÄ'), fc.constantFrom('debian', '@types', 'github.com/a/b', 'org.apache.logging', 'github.com/../b', '@a/b', 'a//b', '/a', 'a/'));
const version = fc.oneof({ weight: 5, arbitrary: word('+~:_AZ') }, word('+~:_AZ %/@&?#Ä'), fc.constantFrom('1:2.3-4+deb12u1', 'v1.2.3+incompatible', '1.0.0-rc.1', '2:9.0.1378-2', '', '0', '%3A'));
const value = fc.oneof({ weight: 5, arbitrary: word('_') }, word('+~:&=/ %*'));
const qualifiers = fc.dictionary(fc.constantFrom('arch', 'distro', 'epoch', 'rpmmod', 'upstream'), value, { noNullPrototype: true });
const type = fc.constantFrom('apk', 'cargo', 'composer', 'conan', 'cran', 'deb', 'gem', 'generic', 'golang', 'hex', 'maven', 'npm', 'nuget', 'pub', 'pypi', 'rpm');

describe('a purl written without the library', () => {
  it('is the one that the library writes, or none', () => {
    let plain = 0;
    fc.assert(
      fc.property(type, namespace, name, version, qualifiers, (...parts) => {
        const found = plainPurl(...parts);
        if (found === undefined) return;
        plain += 1;
        expect([parts, found]).toEqual([parts, full(...parts)]);
      }),
      { numRuns: 5000 },
    );
    expect(plain).toBeGreaterThan(300);
  });

  it('serves what images are made of', () => {
    expect(plainPurl('deb', 'debian', 'libstdc++6', '12.2.0-14+deb12u1', { arch: 'amd64', distro: 'debian-12' })).toBe('pkg:deb/debian/libstdc%2B%2B6@12.2.0-14+deb12u1?arch=amd64&distro=debian-12');
    expect(plainPurl('npm', '@fastify', 'cors', '9.0.1', {})).toBe('pkg:npm/%40fastify/cors@9.0.1');
  });
});
