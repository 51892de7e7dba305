import { PalisadeError } from '@palisade/model/error';

/** The engine could not be asked, or refused: `status` is its HTTP status, 503 when it doesn't answer at all. */
export class EngineError extends PalisadeError {
  constructor(message: string, status: number, cause?: unknown) {
    super('engine', message, { status, retryable: status >= 500, cause });
  }
}
