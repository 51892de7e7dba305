import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

// The rules of SARIF 2.1.0 (OASIS, section 3) and SPDX 2.3 (its JSON schema) for the objects that we write, in our own
// words: members and their types, which are required, closed objects, the allowed words, the patterns.

type Schema = Readonly<Record<string, unknown>>;
const text = { type: 'string' };
const some = { type: 'string', minLength: 1 };
const uri = { type: 'string', format: 'uri' };
const reference = { type: 'string', format: 'uri-reference' };
const bag = { type: 'object' };
const index = { type: 'integer', minimum: -1 };
const oneOf = (...words: readonly string[]): Schema => ({ enum: words });
const closed = (properties: Schema, required: readonly string[] = []): Schema => ({ type: 'object', additionalProperties: false, properties, required });
const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more });

const message = closed({ text, markdown: text, id: text, arguments: list(text), properties: bag });
const multiformat = closed({ text, markdown: text, properties: bag }, ['text']);
const level = oneOf('none', 'note', 'warning', 'error');
const region = closed({ startLine: { type: 'integer', minimum: 1 }, startColumn: { type: 'integer', minimum: 1 }, endLine: { type: 'integer', minimum: 1 }, endColumn: { type: 'integer', minimum: 1 }, snippet: bag });
const artifactLocation = closed({ uri: reference, uriBaseId: text, index, description: message, properties: bag });
const location = closed({ id: index, physicalLocation: closed({ artifactLocation, region, contextRegion: region, properties: bag }), logicalLocations: list(closed({ name: text, fullyQualifiedName: text, decoratedName: text, kind: text, index, parentIndex: index, properties: bag }), { uniqueItems: true }), message, properties: bag });
const rule = closed({ id: text, guid: text, name: text, shortDescription: multiformat, fullDescription: multiformat, help: multiformat, helpUri: uri, messageStrings: bag, defaultConfiguration: closed({ enabled: { type: 'boolean' }, level, rank: { type: 'number', minimum: -1, maximum: 100 }, parameters: bag, properties: bag }), properties: bag }, ['id']);
const notification = closed({ locations: list(location), message, level, threadId: { type: 'integer' }, timeUtc: text, exception: bag, descriptor: closed({ id: text, index, guid: text, toolComponent: bag, properties: bag }), associatedRule: bag, properties: bag }, ['message']);
const result = closed(
  {
    ruleId: text, ruleIndex: index, rule: bag, level, message, locations: list(location), relatedLocations: list(location, { uniqueItems: true }), guid: text, correlationGuid: text,
    kind: oneOf('notApplicable', 'pass', 'fail', 'review', 'open', 'informational'), rank: { type: 'number', minimum: -1, maximum: 100 },
    fingerprints: { type: 'object', additionalProperties: text }, partialFingerprints: { type: 'object', additionalProperties: text },
    suppressions: list(closed({ guid: text, kind: oneOf('inSource', 'external'), status: oneOf('accepted', 'underReview', 'rejected'), justification: text, location, properties: bag }, ['kind']), { uniqueItems: true }),
    properties: bag,
  },
  ['message'],
);
const component = closed({ guid: text, name: text, organization: text, version: text, semanticVersion: text, informationUri: uri, rules: list(rule, { uniqueItems: true }), notifications: list(rule), properties: bag }, ['name']);
const invocation = closed({ executionSuccessful: { type: 'boolean' }, exitCode: { type: 'integer' }, startTimeUtc: text, endTimeUtc: text, toolExecutionNotifications: list(notification), toolConfigurationNotifications: list(notification), properties: bag }, ['executionSuccessful']);
const run = closed(
  { tool: closed({ driver: component, extensions: list(component), properties: bag }, ['driver']), invocations: list(invocation), automationDetails: closed({ id: text, description: message, guid: text, correlationGuid: text, properties: bag }), originalUriBaseIds: { type: 'object', additionalProperties: artifactLocation }, columnKind: oneOf('utf16CodeUnits', 'unicodeCodePoints'), results: list(result), properties: bag },
  ['tool'],
);
const sarif = closed({ $schema: uri, version: { const: '2.1.0' }, runs: list(run), properties: bag }, ['version', 'runs']);

const date = { type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ$' };
const spdxId = { type: 'string', pattern: '^SPDXRef-[a-zA-Z0-9.-]+$' };
const annotation = closed({ annotationDate: date, annotationType: oneOf('OTHER', 'REVIEW'), annotator: some, comment: text }, ['annotationDate', 'annotationType', 'annotator', 'comment']);
const checksum = closed({ algorithm: oneOf('SHA1', 'SHA256', 'SHA512'), checksumValue: { type: 'string', pattern: '^[0-9a-f]+$' } }, ['algorithm', 'checksumValue']);
const externalRef = closed({ referenceCategory: oneOf('OTHER', 'PERSISTENT-ID', 'SECURITY', 'PACKAGE-MANAGER'), referenceType: some, referenceLocator: { type: 'string', pattern: '^\\S+$' }, comment: text }, ['referenceCategory', 'referenceType', 'referenceLocator']);
const spdxPackage = closed(
  {
    SPDXID: spdxId, name: some, versionInfo: text, packageFileName: text, supplier: text, originator: text, downloadLocation: some, filesAnalyzed: { type: 'boolean' }, checksums: list(checksum), homepage: uri, sourceInfo: text,
    licenseConcluded: text, licenseDeclared: text, licenseComments: text, copyrightText: text, summary: text, description: text, comment: text, externalRefs: list(externalRef), annotations: list(annotation),
    primaryPackagePurpose: oneOf('APPLICATION', 'FRAMEWORK', 'LIBRARY', 'CONTAINER', 'OPERATING-SYSTEM', 'DEVICE', 'FIRMWARE', 'SOURCE', 'FILE', 'INSTALL', 'OTHER'),
  },
  ['SPDXID', 'name', 'downloadLocation'],
);
const spdx = closed(
  {
    spdxVersion: { const: 'SPDX-2.3' }, dataLicense: { const: 'CC0-1.0' }, SPDXID: { const: 'SPDXRef-DOCUMENT' }, name: some, documentNamespace: { ...uri, pattern: '^[^#]+$' },
    creationInfo: closed({ created: date, creators: list({ type: 'string', pattern: '^(Tool|Person|Organization): ?\\S' }, { minItems: 1 }), comment: text, licenseListVersion: text }, ['created', 'creators']),
    packages: list(spdxPackage),
    relationships: list(closed({ spdxElementId: text, relatedSpdxElement: text, relationshipType: oneOf('DESCRIBES', 'CONTAINS', 'DEPENDS_ON'), comment: text }, ['spdxElementId', 'relatedSpdxElement', 'relationshipType'])),
    hasExtractedLicensingInfos: list(closed({ licenseId: { type: 'string', pattern: '^LicenseRef-[a-zA-Z0-9.-]+$' }, extractedText: some, name: text, comment: text, seeAlsos: list(text) }, ['licenseId', 'extractedText'])),
    annotations: list(annotation), comment: text,
  },
  ['spdxVersion', 'dataLicense', 'SPDXID', 'name', 'documentNamespace', 'creationInfo'],
);

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
const problemsBy = (schema: Schema): ((document: unknown) => string[]) => {
  const validate = ajv.compile(schema);
  return (document) => (validate(document) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`));
};

export const sarifProblems = problemsBy(sarif);

const spdxShape = problemsBy(spdx);
/** The shape, and what a schema can't say: ids are unique, every relationship and LicenseRef leads somewhere. */
export function spdxProblems(document: unknown): string[] {
  const problems = spdxShape(document);
  if (problems.length > 0) return problems;
  const { packages, relationships, hasExtractedLicensingInfos } = document as { packages: { SPDXID: string; licenseDeclared?: string }[]; relationships: { spdxElementId: string; relatedSpdxElement: string }[]; hasExtractedLicensingInfos: { licenseId: string }[] };
  const ids = new Set(['SPDXRef-DOCUMENT', ...packages.map((one) => one.SPDXID)]);
  if (ids.size !== packages.length + 1) problems.push('an SPDXID stands twice');
  for (const one of relationships) for (const end of [one.spdxElementId, one.relatedSpdxElement]) if (!ids.has(end)) problems.push(`no element ${end}`);
  const refs = new Set(hasExtractedLicensingInfos.map((one) => one.licenseId));
  for (const one of packages) for (const ref of one.licenseDeclared?.match(/LicenseRef-[a-zA-Z0-9.-]+/g) ?? []) if (!refs.has(ref)) problems.push(`no licence ${ref}`);
  return problems;
}
