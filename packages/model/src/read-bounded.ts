/** Joins the chunks of a stream. From `limit` bytes on the stream is ended and what `tooLarge` makes is thrown: who speaks on so is not believed. */
export async function readBounded(stream: AsyncIterable<Uint8Array> & { destroy(): unknown }, limit: number, tooLarge: (limit: number) => Error): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > limit) {
      stream.destroy();
      throw tooLarge(limit);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}
