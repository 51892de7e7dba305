/** Control characters and bidirectional overrides of an image's own texts must not drive the reader's terminal or viewer. */
export function plainText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ').toWellFormed();
}
