import { createReadStream, openSync, closeSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { TraceError } from '../model/trace-error.ts';

const BLOCK_BYTES = 256 * 1024;
const LINE_CHARACTERS_MAX = 16 * 1024 * 1024;
const HEAD_BYTES = 16 * 1024;

/** A file of a trace: where it is, and how messages call it. */
export interface TraceFile {
  readonly path: string;
  readonly shown: string;
}

/** Whole lines, without their ends; the first is number `firstLine` of the file, from 1. */
export interface LineBlock {
  readonly firstLine: number;
  readonly lines: readonly string[];
}

/** The lines of a text file, unpacked if it is gzip, some 256 KB at a time. Throws `TraceError`. */
export async function* readLines(file: TraceFile): AsyncGenerator<LineBlock, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let firstLine = 1;
  let carry = '';
  for await (const chunk of readChunks(file, () => firstLine)) {
    const text = carry + decoder.write(chunk);
    const lines = text.split('\n');
    carry = lines.pop()!;
    if (carry.length > LINE_CHARACTERS_MAX) {
      throw new TraceError(
        `the line is longer than ${LINE_CHARACTERS_MAX} characters, expected rows of text`,
        {
          file: file.shown,
          line: firstLine + lines.length,
        },
      );
    }
    if (lines.length === 0) continue;
    trimLineEnds(lines, text, firstLine);
    yield { firstLine, lines };
    firstLine += lines.length;
  }
  carry += decoder.end();
  if (carry !== '') {
    const lines = [carry];
    trimLineEnds(lines, carry, firstLine);
    yield { firstLine, lines };
  }
}

/** All of a text file at once, for formats that are one document, and small tables. */
export async function readText(file: TraceFile): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readChunks(file, () => null)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The first few thousand characters, to recognise a format by; '' if there are none to be had. */
export function readHead(path: string): string {
  try {
    const bytes = firstBytes(path, HEAD_BYTES);
    if (!isGzip(bytes)) return withoutMark(bytes.toString('utf8'));
    return withoutMark(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8'));
  } catch {
    // Recognising is not validating, and a stranger beside the trace is no fault: whoever reads the file says what is wrong with it.
    return '';
  }
}

async function* readChunks(
  file: TraceFile,
  line: () => number | null,
): AsyncGenerator<Buffer, void, undefined> {
  const place = () => ({ file: file.shown, line: line() });
  let gzip: boolean;
  try {
    gzip = isGzip(firstBytes(file.path, 2));
  } catch (error) {
    throw new TraceError(`cannot be read (${systemCode(error)}), expected a readable file`, {
      file: file.shown,
      line: null,
    });
  }
  const raw = createReadStream(file.path, { highWaterMark: BLOCK_BYTES });
  let stream: Readable = raw;
  if (gzip) {
    const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
    raw.on('error', (error) => gunzip.destroy(error));
    stream = raw.pipe(gunzip);
  }
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof TraceError) throw error;
    const code = systemCode(error);
    if (code === 'Z_BUF_ERROR') {
      throw new TraceError('the gzip stream ends early, expected a whole file', place());
    }
    if (code.startsWith('Z_')) {
      throw new TraceError(`the gzip stream is damaged (${code}), expected valid gzip data`, place());
    }
    throw new TraceError(`cannot be read (${code}), expected a readable file`, place());
  } finally {
    raw.destroy();
    stream.destroy();
  }
}

function trimLineEnds(lines: string[], text: string, firstLine: number): void {
  if (firstLine === 1) lines[0] = withoutMark(lines[0]!);
  if (!text.includes('\r')) return;
  for (let index = 0; index < lines.length; index++) {
    if (lines[index]!.endsWith('\r')) lines[index] = lines[index]!.slice(0, -1);
  }
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function isGzip(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function firstBytes(path: string, count: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(count);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, count, 0));
  } finally {
    closeSync(descriptor);
  }
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
