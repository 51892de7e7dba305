/** When a document is made, and by which version of the product. */
export type Making = { readonly now: Date; readonly version: string };
