declare module 'spdx-expression-parse' {
  /** Throws on text that is no expression over listed ids. */
  const parse: (text: string) => object;
  export default parse;
}
