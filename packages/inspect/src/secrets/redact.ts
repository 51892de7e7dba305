import { instructionWithoutSecrets } from '../image-config/detector.ts';
import { secretDetector } from './detect.ts';
import { maskSecret } from './mask.ts';
import type { SecretRules } from './rule.ts';

/** Masks whatever the rules know as a secret, and passwords in addresses, in a text that is about to be shown. */
export function secretRedactor(rules: SecretRules): (text: string) => string {
  const detector = secretDetector(rules);
  return (text) => {
    let shown = instructionWithoutSecrets(text).replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)([^\s/@]+)(?=@)/gi, (_, start: string, password: string) => (/^\$|^\*+$/.test(password) ? `${start}${password}` : `${start}${maskSecret(password)}`));
    for (const { secret } of detector.detect(Buffer.from(shown), '')) if (secret !== '') shown = shown.replaceAll(secret, maskSecret(secret));
    return shown;
  };
}
