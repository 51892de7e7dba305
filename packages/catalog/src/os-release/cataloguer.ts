import type { Cataloguer } from '../found.ts';

const limit = 64 * 1024;

/** os-release(5): which distribution and release this is. */
export const osRelease: Cataloguer = {
  id: 'os-release',
  version: 1,
  wants: (stat) => stat.type === 'file' && (stat.path === 'etc/os-release' || stat.path === 'usr/lib/os-release'),
  async read(file) {
    const fields = parse(Buffer.from(await file.bytes(limit)).toString('utf8'));
    const id = fields.get('ID') ?? '';
    if (id === '') return undefined;
    return {
      osRelease: {
        id: id.toLowerCase(),
        versionId: fields.get('VERSION_ID') ?? '',
        version: fields.get('VERSION') ?? '',
        codename: fields.get('VERSION_CODENAME') ?? '',
        idLike: (fields.get('ID_LIKE') ?? '').split(/\s+/).filter((word) => word !== ''),
      },
    };
  },
};

/** Shell assignments without expansion, as the manual page allows them. */
function parse(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z0-9_]+)=(.*)$/.exec(line);
    if (match === null) continue;
    const value = (match[2] ?? '').trim();
    const quoted = /^(["'])(.*)\1$/.exec(value);
    fields.set(match[1] ?? '', quoted === null ? value : (quoted[2] ?? '').replace(/\\(["'$`\\])/g, '$1'));
  }
  return fields;
}
