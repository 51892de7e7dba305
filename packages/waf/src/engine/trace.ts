/** What the engine says of its work: every step, or what ModSecurity writes to the error log and (without `nolog`) the audit log. */
export type Trace = (line: string, log: 'debug' | 'error' | 'audit') => void;

export const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Notes one step in the words of ModSecurity's debug log. */
export function step({ options }: { readonly options: { readonly trace?: Trace } }, text: string): void {
  options.trace?.(`[9] ${printable(text)}`, 'debug');
}
