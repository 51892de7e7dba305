/** The two questions libinjection answers. */
export type Detection = {
  /** The fingerprint when the bytes read as an SQL injection in some quoting context. */
  sqli(value: string): string | undefined;
  xss(value: string): boolean;
};
