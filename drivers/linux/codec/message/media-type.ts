import type { DescMessage, MessageInitShape, MessageValidType as Shape } from '@bufbuild/protobuf';
import { readBinary, writeBinary } from './binary.ts';
import { parseJson } from './parse-json.ts';
import { readJson } from './read-json.ts';
import { WireError } from './wire-error.ts';
import { writeJson } from './write-json.ts';

/** How a message is written (spec 01 §5). */
export type MediaType = 'application/json' | 'application/x-protobuf';

export const JSON_TYPE = 'application/json';
export const PROTOBUF_TYPE = 'application/x-protobuf';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A message from the bytes of a body or a record. Throws WireError. */
export function readMessage<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
  type: MediaType,
): Shape<Desc> {
  if (type === PROTOBUF_TYPE) return readBinary(schema, bytes);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new WireError('', 'The body is no JSON: it is not UTF-8');
  }
  return readJson(schema, parseJson(text));
}

export function writeMessage<Desc extends DescMessage>(
  schema: Desc,
  message: MessageInitShape<Desc>,
  type: MediaType,
): Uint8Array {
  if (type === PROTOBUF_TYPE) return writeBinary(schema, message);
  return Buffer.from(writeJson(schema, message));
}
