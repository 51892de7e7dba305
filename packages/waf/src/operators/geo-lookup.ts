import { Reader } from 'mmdb-lib';
import type { CityResponse } from 'mmdb-lib';
import { fromUtf8 } from '../bytes.ts';
import type { Operator } from './operator.ts';

export type GeoField = { readonly name: string; readonly value: string };
/** What a database knows of an address; undefined when it doesn't know it. */
export type GeoDatabase = (address: string) => readonly GeoField[] | undefined;

/** Opens a MaxMind DB (its bytes as a latin1 string). Throws when it is none; the older GeoIP format (.dat) is none. */
export function openGeoDatabase(bytes: string): GeoDatabase {
  let reader: Reader<CityResponse>;
  try {
    reader = new Reader(Buffer.from(bytes, 'latin1'));
  } catch (error) {
    throw new Error(`not a MaxMind DB file (.mmdb): ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return (address) => {
    const found = reader.get(address);
    if (found === null) return undefined;
    const { country = found.registered_country, location, subdivisions } = found;
    const fields: readonly (readonly [string, string | number | undefined])[] = [
      ['COUNTRY_CODE', country?.iso_code], ['COUNTRY_NAME', country?.names?.en], ['COUNTRY_CONTINENT', found.continent?.code], ['REGION', subdivisions?.[0]?.iso_code], ['CITY', found.city?.names?.en],
      ['POSTAL_CODE', found.postal?.code], ['LATITUDE', location?.latitude], ['LONGITUDE', location?.longitude], ['DMA_CODE', location?.metro_code],
    ];
    return fields.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: fromUtf8(String(value)) }]));
  };
}

/** Looks an address up in the database of SecGeoLookupDb and fills GEO. Without one it matches nothing and says so each time. */
export const geoLookup: Operator = (_, context) => (value, run) => {
  const database = context.geo?.();
  if (database === undefined) {
    run.gap?.('operator-unavailable', '@geoLookup needs SecGeoLookupDb');
    return false;
  }
  let fields: readonly GeoField[] | undefined;
  try {
    fields = database(value);
  } catch (error) {
    run.gap?.('operator-unavailable', `@geoLookup: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
  if (fields === undefined) return false;
  run.geo?.(fields);
  return true;
};
