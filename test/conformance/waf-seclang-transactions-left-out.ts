/** The scripts and the older GeoIP databases they name are not among the data. */
export const noData = 'names a file that the data lacks (and Lua scripts are refused at load)';
/** Tests do not reach for the network, and rules are never fetched. */
export const fromNetwork = 'reads from the network: rules and lists are never fetched';

/** Cases of ModSecurity's own suite that this engine does not pass, each with the reason. */
export const notApplicable: Readonly<Record<string, string>> = {
  'action-exec[1] Testing action :: exec (3/3)': noData,
  'collection-lua[0] Testing LUA :: m.set TX (1/7)': noData,
  'collection-lua[1] Testing LUA :: m.set GLOBAL (3/7)': noData,
  'collection-lua[2] Testing LUA :: m.set SESSION (5/7)': noData,
  'collection-lua[3] Testing LUA :: m.getvars ARGS (8/8)': noData,
  'config-secremoterules[0] Include remote rules': fromNetwork,
  'config-secremoterules[1] Include remote rules - failed download (Warn)': fromNetwork,
  'directive-sec_rule_script[1] Testing action :: SecRuleScript (3/4)': noData,
  'issue-1812[0] Converting £ (%C2%A3) from query string': 'REQUEST_URI is not decoded, as the language reference and CRS have it; ModSecurity 3 decodes it',
  'issue-2427[0] Tmp file retained for @inspectFile (1/2)': noData,
  'operator-fuzzyhash[0] Testing Operator :: @fuzzyHash (1/2)': 'no ssdeep',
  'operator-inpectFile[0] Testing Operator :: @inspectFile (1/3)': 'rules run no programs',
  'operator-inpectFile[1] Testing Operator :: @inspectFile (3/3)': 'rules run no programs',
  'operator-inpectFile[2] Testing Operator :: @inspectFile - lua (2/7)': noData,
  'operator-inpectFile[3] Testing Operator :: @inspectFile - lua (4/7)': noData,
  'operator-inpectFile[4] Testing Operator :: @inspectFile - lua (6/7)': noData,
  'operator-ipMatchFromFile[1] Testing Operator :: @ipMatchFromFile - https': fromNetwork,
  'operator-rx[1] Testing Operator :: @rx with non-compiling pattern': 'a pattern that does not compile is refused at load',
  'operator-rx[2] Testing Operator :: @rx with PCRE match limits exceeded': 'no pattern is given up here: the search ends in linear time',
  'request-body-parser-multipart-crlf[0] multipart parser (final CRLF)': 'the value is logged with its line breaks',
  'request-body-parser-xml[2] Testing XML request body parser (bad schema)': 'a schema that can not be read is refused at load',
  'variable-ENV[0] Testing Variables :: ENV (1/4)': 'the environment of the process may hold secrets: ENV has what setenv put there',
  'variable-FULL_REQUEST_LENGTH[0] Testing Variables :: FULL_REQUEST_LENGTH (1/1)': 'FULL_REQUEST has the request line, as the language reference has it; ModSecurity 3 leaves it out',
  'variable-GEO[0] Testing Variables :: GEO:LONGITUDE [GeoIP]': noData,
  'variable-GEO[1] Testing Variables :: GEO:LATITUDE [GeoIP]': noData,
  'variable-GEO[2] Testing Variables :: GEO:COUNTRY_CODE [GeoIP]': noData,
  'variable-GEO[3] Testing Variables :: GEO:AREA_CODE [GeoIP]': noData,
  'variable-GEO[4] Testing Variables :: GEO:POSTAL_CODE [GeoIP]': noData,
  'variable-GEO[5] Testing Variables :: GEO:CITY [GeoIP]': noData,
  'variable-RULE[3] Testing Variables :: RULE (7/7)': 'a collection that no initcol opened is not written: it would be one for all clients',
  'variable-TX[2] Testing Variables :: repeating capture group -- alternates': 'V8 forgets a group when its repeat starts over; PCRE keeps it',
};
