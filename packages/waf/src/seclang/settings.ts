import { translate } from '../regex/translate.ts';
import { SecLangError } from './problem.ts';
import type { Settings } from './rule.ts';

export const defaultSettings = (): Settings => ({
  ruleEngine: 'DetectionOnly', requestBodyAccess: true, responseBodyAccess: false, requestBodyLimit: 134_217_728, requestBodyNoFilesLimit: 131_072 * 8,
  requestBodyLimitAction: 'Reject', responseBodyLimit: 524_288, responseBodyLimitAction: 'ProcessPartial', responseMimeTypes: new Set(['text/plain', 'text/html', 'text/xml']),
  argumentSeparator: '&', argumentsLimit: 1000, jsonDepthLimit: 512, uploadFileLimit: 100, collectionTimeout: 3600, webAppId: '',
  auditEngine: 'Off', auditParts: 'ABIJDEFHZ', auditRelevantStatus: undefined,
});

function oneOf<Word extends string>(value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw new SecLangError(`expected ${words.join(', ')}, got "${value}"`);
  return found;
}
function size(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new SecLangError(`expected a number, got "${value}"`);
  return Number(value);
}
const limitActions = ['Reject', 'ProcessPartial'] as const;
type Reader = (settings: Settings, value: string, rest: readonly string[]) => void;
/** Directives about logs and deployment: the console keeps events, so they are accepted and have no effect here. */
const noted: Reader = () => {};

/** Every configuration directive, lower case. */
export const settingWords: Readonly<Record<string, Reader>> = {
  secruleengine: (settings, value) => void (settings.ruleEngine = oneOf(value, ['On', 'Off', 'DetectionOnly'])),
  secrequestbodyaccess: (settings, value) => void (settings.requestBodyAccess = oneOf(value, ['On', 'Off']) === 'On'),
  secresponsebodyaccess: (settings, value) => void (settings.responseBodyAccess = oneOf(value, ['On', 'Off']) === 'On'),
  secrequestbodylimit: (settings, value) => void (settings.requestBodyLimit = size(value)),
  secrequestbodynofileslimit: (settings, value) => void (settings.requestBodyNoFilesLimit = size(value)),
  secrequestbodylimitaction: (settings, value) => void (settings.requestBodyLimitAction = oneOf(value, limitActions)),
  secresponsebodylimit: (settings, value) => void (settings.responseBodyLimit = size(value)),
  secresponsebodylimitaction: (settings, value) => void (settings.responseBodyLimitAction = oneOf(value, limitActions)),
  secresponsebodymimetype: (settings, value, rest) => void (settings.responseMimeTypes = new Set([value, ...rest].flatMap((word) => word.split(/\s+/)))),
  secresponsebodymimetypesclear: (settings) => void (settings.responseMimeTypes = new Set()),
  secargumentseparator: (settings, value) => void (settings.argumentSeparator = value),
  secargumentslimit: (settings, value) => void (settings.argumentsLimit = size(value)),
  secrequestbodyjsondepthlimit: (settings, value) => void (settings.jsonDepthLimit = size(value)),
  secuploadfilelimit: (settings, value) => void (settings.uploadFileLimit = size(value)),
  seccollectiontimeout: (settings, value) => void (settings.collectionTimeout = size(value)),
  secwebappid: (settings, value) => void (settings.webAppId = value),
  seccomponentsignature: noted, secserversignature: noted, secauditlog: noted, secauditlog2: noted,
  secauditlogtype: noted, secauditlogformat: noted, secauditlogstoragedir: noted, secauditlogdirmode: noted, secauditlogfilemode: noted,
  secauditlogprefix: noted, secdebuglog: noted, secdebugloglevel: noted, sectmpdir: noted, secdatadir: noted,
  secuploaddir: noted, secuploadfilemode: noted, secuploadkeepfiles: noted, secrequestbodyinmemorylimit: noted, seccookieformat: noted, seccookiev0separator: noted,
  secpcrematchlimit: noted, secpcrematchlimitrecursion: noted, secstatusengine: noted, secsensorid: noted, secconnengine: noted, sectmpsaveuploadedfiles: noted,
  secauditengine: (settings, value) => void (settings.auditEngine = oneOf(value, ['On', 'Off', 'RelevantOnly'])),
  secauditlogparts: (settings, value) => {
    if (!/^[A-K]+Z?$/.test(value)) throw new SecLangError(`SecAuditLogParts: letters A to K and Z, got "${value}"`);
    settings.auditParts = value;
  },
  secauditlogrelevantstatus: (settings, value) => void (settings.auditRelevantStatus = translate(value).regex),
  secxmlexternalentity: (_, value) => void oneOf(value, ['On', 'Off']),
};
