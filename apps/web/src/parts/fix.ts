export type FixPlace = { package: string; name: string; fixed: string | null };

/** The command (or diff) that brings the fixed version, in the words of the package's own manager; undefined where there is none to give. */
export function fixText({ package: purl, name, fixed }: FixPlace): string | undefined {
  if (fixed === null || fixed === '') return undefined;
  const match = /^pkg:([^/]+)\/(.+?)(?:@([^?#]+))?(?:[?#].*)?$/.exec(purl);
  const kind = match?.[1] ?? '';
  const path = decodeURIComponent(match?.[2] ?? name);
  const now = decodeURIComponent(match?.[3] ?? '');
  switch (kind) {
    case 'deb':
      return `apt-get update && apt-get install -y --only-upgrade ${name}=${fixed}`;
    case 'apk':
      return `apk add --upgrade '${name}>=${fixed}'`;
    case 'rpm':
      return `dnf upgrade -y ${name}-${fixed}`;
    case 'npm':
      return `npm install ${path}@${fixed}`;
    case 'pypi':
      return `pip install '${path}>=${fixed}'`;
    case 'golang':
      return `go get ${path}@v${fixed.replace(/^v/, '')} && go mod tidy`;
    case 'maven': {
      const [group = '', artifact = ''] = path.split('/');
      return `   <groupId>${group}</groupId>\n   <artifactId>${artifact}</artifactId>\n-  <version>${now}</version>\n+  <version>${fixed}</version>`;
    }
    case 'cargo':
      return `cargo update -p ${path} --precise ${fixed}`;
    case 'gem':
      return `bundle update ${path} --conservative   # >= ${fixed}`;
    case 'composer':
      return `composer require ${path}:^${fixed}`;
    case 'nuget':
      return `dotnet add package ${path} --version ${fixed}`;
    default:
      return `- ${name} ${now}\n+ ${name} ${fixed}`;
  }
}
