import { PalisadeError } from '@palisade/model/error';

/** The target can't be read at all (exit code 2): no such file, not an image, unreadable manifest. */
export class UnreadableImage extends PalisadeError {
  constructor(message: string, detail: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
    super('image-unreadable', message, { status: 422, detail, cause });
  }
}

/** A named limit was passed; what was read before it stands, the rest is a gap. */
export class LimitError extends PalisadeError {
  constructor(limit: string, message: string) {
    super('image-limit', message, { status: 422, detail: { limit } });
  }
}

/** The bytes end or break before the format does. */
export class DamagedArchive extends PalisadeError {
  constructor(message: string, cause?: unknown) {
    super('image-damaged', message, { status: 422, cause });
  }
}
