/** Why a rule file doesn't load. Lines count from 1. */
export type Problem = { readonly file: string; readonly line: number; readonly message: string };

export class SecLangError extends Error {
  override readonly name = 'SecLangError';
}
