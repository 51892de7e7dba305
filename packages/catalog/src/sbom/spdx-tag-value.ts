import { UnreadableSbom } from './document.ts';

type Draft = { [key: string]: unknown };
type Reference = { referenceCategory: string; referenceType: string; referenceLocator: string };

const documentTags: Readonly<Record<string, string>> = { SPDXVersion: 'spdxVersion', DataLicense: 'dataLicense', DocumentName: 'name', DocumentNamespace: 'documentNamespace' };
const packageTags: Readonly<Record<string, string>> = { PackageVersion: 'versionInfo', PackageDownloadLocation: 'downloadLocation', PackageLicenseDeclared: 'licenseDeclared', PrimaryPackagePurpose: 'primaryPackagePurpose' };

/** SPDX 2 tag-value text in its JSON form, as far as packages need it. Throws UnreadableSbom with the line. */
export function spdxFromTagValue(text: string, subject: string): object {
  const creation: { created?: string; creators: string[] } = { creators: [] };
  const packages: Draft[] = [];
  const document: Draft = { creationInfo: creation, packages };
  let section: Draft = document;
  for (const { tag, value, line } of pairs(text, subject)) {
    const first = (key: string): void => {
      if (Object.hasOwn(section, key)) throw new UnreadableSbom(subject, `line ${line}`, `${tag} stands twice`);
      section[key] = value;
    };
    if (tag === 'PackageName') {
      section = { name: value };
      packages.push(section);
    } else if (tag === 'FileName' || tag === 'SnippetSPDXID' || tag === 'LicenseID') section = {};
    else if (tag === 'SPDXID') first('SPDXID');
    else if (tag === 'Creator') creation.creators.push(value);
    else if (tag === 'Created') creation.created = value;
    else if (section === document && documentTags[tag] !== undefined) first(documentTags[tag]);
    else if (section !== document && packageTags[tag] !== undefined) first(packageTags[tag]);
    else if (tag === 'ExternalRef') {
      const [referenceCategory = '', referenceType = '', ...rest] = value.split(/\s+/);
      if (rest.length === 0) throw new UnreadableSbom(subject, `line ${line}`, 'ExternalRef needs category, type and locator');
      const refs = (section['externalRefs'] ?? []) as Reference[];
      refs.push({ referenceCategory, referenceType, referenceLocator: rest.join(' ') });
      section['externalRefs'] = refs;
    }
  }
  return document;
}

function* pairs(text: string, subject: string): Generator<{ tag: string; value: string; line: number }> {
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match = /^([A-Za-z]+):\s*(.*)$/.exec(line);
    if (match === null) throw new UnreadableSbom(subject, `line ${at + 1}`, 'is no "Tag: value"');
    const start = at;
    let value = match[2] ?? '';
    if (value.startsWith('<text>')) {
      while (!value.includes('</text>')) {
        at += 1;
        if (at >= lines.length) throw new UnreadableSbom(subject, `line ${start + 1}`, '<text> has no end');
        value += `\n${lines[at] ?? ''}`;
      }
      value = value.slice('<text>'.length, value.indexOf('</text>'));
    }
    yield { tag: match[1] ?? '', value: value.trim(), line: start + 1 };
  }
}
