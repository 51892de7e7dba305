/** An image's name as people write it: with and without Docker Hub's implied registry, with and without tag or digest. */
export function imageSpellings(name: string): string[] {
  const short = name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return [...new Set([name, short].flatMap((spelling) => {
    const undigested = spelling.replace(/@sha256:[0-9a-f]+$/, '');
    return [spelling, undigested, undigested.replace(/:[^/:]+$/, '')];
  }))];
}
