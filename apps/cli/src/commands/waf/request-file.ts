import { chunkedReader } from '@palisade/app-waf/http1/chunked';
import { HeadError, readRequestHead } from '@palisade/app-waf/http1/head';
import type { Refusal } from '@palisade/app-waf/http1/head';
import { decodeContent } from '@palisade/app-waf/inspection/decode';
import type { JudgedRequest } from '@palisade/app-waf/record/judge';
import { messageOf } from '@palisade/model/error';
import { WafRecording } from '@palisade/model/waf-recording';
import { UsageError } from '../../command.ts';
import { readInput } from '../../read-input.ts';

const latin = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');

export type RecordedRequest = JudgedRequest & { readonly id: string; readonly masked: readonly string[]; readonly bodyCut: boolean };

export function requestOf(recording: WafRecording): RecordedRequest {
  const { id, client, method, target, version, headers, body, time, masked, bodyCut } = recording;
  return { id, client, method, target: latin(target), version, headers: headers.map(([name, value]) => ({ name, value: latin(value) })), body: latin(body), time: Date.parse(time), masked, bodyCut };
}

/** Recorded requests, one a line. Throws UsageError naming file, line and cause. */
export function readRecordings(text: string, file: string): RecordedRequest[] {
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    try {
      return [requestOf(WafRecording.parse(JSON.parse(line)))];
    } catch (error) {
      throw new UsageError(`${file}:${at + 1}: not a recorded request: ${messageOf(error).slice(0, 300)}`);
    }
  });
}

/** The recorded requests of a file. Throws UsageError naming file, line and cause. */
export function readRecordingFile(file: string, cwd: string): RecordedRequest[] {
  return readRecordings(readInput(file, cwd).toString('utf8'), file);
}

/** A request as bytes of HTTP/1 (lines may end in LF, as editors write them), or why the proxy refuses it before any rule. `most`: bytes its body may unpack to. */
export async function readRawRequest(bytes: Buffer, client: string, most: number): Promise<{ readonly request: JudgedRequest } | { readonly refusal: Refusal }> {
  const text = bytes.toString('latin1');
  const blank = /\r\n\r\n|\n\n/.exec(text);
  const crlf = blank?.[0].length === 4 || (blank === null && text.includes('\r\n'));
  const end = blank?.index ?? -1;
  const headText = end < 0 ? text.replace(/\r?\n$/, '') : text.slice(0, end);
  const rest = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + (crlf ? 4 : 2));
  try {
    const head = readRequestHead(crlf ? headText : headText.replaceAll('\n', '\r\n'));
    let body = rest;
    if (head.framing.kind === 'chunked') {
      const pieces: Buffer[] = [];
      chunkedReader().read(rest, (piece) => void pieces.push(piece));
      body = Buffer.concat(pieces);
    } else if (head.framing.kind === 'length') body = rest.subarray(0, head.framing.bytes);
    else body = Buffer.alloc(0);
    const coding = head.headers.find(({ name }) => name.toLowerCase() === 'content-encoding')?.value;
    if (coding !== undefined && body.length > 0) {
      const decoded = await decodeContent(coding, body, most);
      if ('failed' in decoded) return { refusal: { status: decoded.failed === 'too-large' ? 413 : 415, code: `body-${decoded.failed}`, reason: decoded.reason } };
      body = decoded.bytes;
    }
    return { request: { client, method: head.method, target: head.target, version: head.minor === 1 ? '1.1' : '1.0', headers: head.headers, body: body.toString('latin1'), time: Date.now() } };
  } catch (error) {
    if (error instanceof HeadError) return { refusal: error.refusal };
    throw error;
  }
}
