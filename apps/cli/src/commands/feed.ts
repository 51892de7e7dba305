import { family } from '../command.ts';

const usage = `palisade feed build --out FILE [--skip-unsupported] [KIND=]PATH...
palisade feed info FILE [--format table|json] [--verify]
palisade feed pull [--ecosystem NAME]... [--yes] [--out FILE]
palisade feed import FILE [--allow-shrink]
palisade feed match FILE ECOSYSTEM NAME VERSION

KIND: osv, debian-tracker, debian-lists, alpine-secdb, kev, epss, exploitdb-index. A bare path is recognised by its content.

examples:
  palisade feed build --out feed.db osv-go.tar.gz kev=kev.json.gz epss.csv.gz
  palisade feed info feed.db
  palisade feed match feed.db Debian:10 openssl 1.1.1d-0+deb10u3`;

export const command = family({ summary: { en: 'build, show, pull and import vulnerability feeds', 'zh-CN': '构建、查看、拉取、导入漏洞库' }, usage }, {
  build: () => import('./feed/build.ts'),
  info: () => import('./feed/info.ts'),
  pull: () => import('./feed/pull.ts'),
  import: () => import('./feed/import.ts'),
  match: () => import('./feed/match.ts'),
});
