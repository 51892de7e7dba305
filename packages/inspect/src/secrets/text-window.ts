/**
 * Cuts a stream into windows that end at line ends and overlap, so that memory does not grow with the file and a
 * secret of a few lines (a private key) lies whole in one of them.
 */
export class LayeredText {
  readonly #size: number;
  readonly #overlap: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #line = 1;

  constructor(size: number, overlap: number) {
    this.#size = size;
    this.#overlap = overlap;
  }

  *push(chunk: Uint8Array): Generator<{ bytes: Uint8Array; line: number }> {
    this.#held.push(Buffer.from(chunk));
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#size) return;
    const whole = Buffer.concat(this.#held);
    let start = 0;
    while (whole.length - start >= this.#size) {
      const cut = lineEnd(whole, start + this.#size, start + (this.#size >> 1));
      yield { bytes: whole.subarray(start, cut), line: this.#line };
      const next = Math.max(start + 1, lineEnd(whole, cut - this.#overlap, start + 1));
      this.#line += newlines(whole, start, next);
      start = next;
    }
    this.#held = [Buffer.from(whole.subarray(start))];
    this.#heldBytes = whole.length - start;
  }

  *end(): Generator<{ bytes: Uint8Array; line: number }> {
    if (this.#heldBytes > 0) yield { bytes: Buffer.concat(this.#held), line: this.#line };
    this.#held = [];
    this.#heldBytes = 0;
  }
}

/** Behind the last line feed before `at`, but not before `floor`; `at` itself where a line is longer than that. */
function lineEnd(bytes: Buffer, at: number, floor: number): number {
  const found = bytes.lastIndexOf(10, at - 1);
  return found + 1 >= floor && found >= 0 ? found + 1 : Math.max(at, floor);
}

function newlines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(10, from); at >= 0 && at < to; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}
