import type { TextReader } from '../text-cataloguer.ts';
import { collector, textCataloguer } from '../text-cataloguer.ts';

/** Gemfile.lock: the "specs:" of every source, four blanks deep; deeper lines are requirements. */
const readLock: TextReader = (text) => {
  const found = collector('gem');
  let specs = false;
  let local = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\S/.test(line)) {
      specs = false;
      local = line === 'PATH';
    } else if (/^ {2}\S/.test(line)) specs = line.trim() === 'specs:';
    const match = specs && !local ? /^ {4}(\S+) \(([^()]+)\)$/.exec(line) : null;
    if (match !== null) {
      // "1.15.0-x86_64-linux": the platform is not part of the version.
      const version = /^(\d[0-9A-Za-z.]*)(?:-(.+))?$/.exec(match[2] ?? '');
      found.add(match[1], version?.[1] ?? match[2]);
    }
  }
  return found;
};

/** An installed gem: RubyGems writes its specification as NAME-VERSION[-PLATFORM].gemspec, with plain assignments. */
const readSpecification: TextReader = (text, path) => {
  const found = collector('gem');
  const name = /\.name\s*=\s*(['"])([^'"]+)\1/.exec(text)?.[2];
  const version = /\.version\s*=\s*(?:Gem::Version\.new\s*\(?\s*)?(['"])([^'"]+)\1/.exec(text)?.[2];
  const stem = /([^/]+?)-(\d[0-9A-Za-z.]*)(?:-[^/]*)?\.gemspec$/.exec(path);
  // Specifications that a gem's author wrote may compute these; the file's name says them too.
  found.add(name ?? stem?.[1], version ?? stem?.[2]);
  return found;
};

/** Ruby gems: installed specifications and Bundler's lock file. */
export const gem = textCataloguer('gem', 1, (name, path) => {
  if (name === 'Gemfile.lock' || name === 'gems.locked') return readLock;
  return name.endsWith('.gemspec') && path.includes('/specifications/') ? readSpecification : undefined;
});
