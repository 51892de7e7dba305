/** The two questions libinjection answers. */
export type Detection = {
  /** The fingerprint when the bytes read as an SQL injection in some quoting context. */
  sqli(value: string): string | undefined;
  /** True only for text that surely is no SQL injection, whatever the case of its letters; quicker than to ask for the fingerprint. */
  isNoSqli?(value: string): boolean;
  xss(value: string): boolean;
};
