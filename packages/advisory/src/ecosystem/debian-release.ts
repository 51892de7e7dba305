// Debian's release names and numbers (https://www.debian.org/releases/). The tracker speaks in names, images in numbers.
const releases: Readonly<Record<string, string>> = {
  woody: '3.0',
  sarge: '3.1',
  etch: '4',
  lenny: '5',
  squeeze: '6',
  wheezy: '7',
  jessie: '8',
  stretch: '9',
  buster: '10',
  bullseye: '11',
  bookworm: '12',
  trixie: '13',
  forky: '14',
  duke: '15',
};

/** "bookworm" → "Debian:12"; sid and unknown names stay as they are: "Debian:sid". */
export function debianEcosystem(codename: string): string {
  return `Debian:${debianRelease(codename)}`;
}

/** "bookworm" or "12.5" → "12". */
export function debianRelease(release: string): string {
  const number = releases[release.toLowerCase()];
  if (number !== undefined) return number;
  const major = /^(\d+)(?:\.\d+)*$/.exec(release)?.[1];
  return major !== undefined && Number(major) >= 4 ? major : release.toLowerCase();
}
