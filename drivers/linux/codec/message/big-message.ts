import type { DescMessage } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Slicer } from '../../http/slicer.ts';
import { writeBinary } from './binary.ts';
import { type MediaType, PROTOBUF_TYPE } from './media-type.ts';
import { shapeOf } from './shape.ts';
import { writeJson } from './write-json.ts';

/** A message too large to be made, or written, in one go: its long lists are read entry by entry. */
export interface BigMessage {
  readonly schema: DescMessage;
  /** Fields that are small, in the plain form of a message. */
  readonly small?: object;
  /** By property. */
  readonly lists?: { readonly [property: string]: Iterable<object> | EncodedList };
  readonly parts?: { readonly [property: string]: BigMessage };
}

/** A long list that is at hand in encoded pieces, each of one entry or more by `encodedEntry`. */
export interface EncodedList {
  encoded(slicer: Slicer): Promise<readonly Buffer[]>;
}

export function isEncoded(list: Iterable<unknown> | EncodedList): list is EncodedList {
  return 'encoded' in list;
}

/** An entry of a list as it stands in the message: in JSON after a comma, in protobuf with its tag and its length. */
export function encodedEntry(
  schema: DescMessage,
  property: string,
  entry: object,
  type: MediaType,
): Uint8Array[] {
  const field = fieldOf(schema, property);
  if (type !== PROTOBUF_TYPE) return [Buffer.from(`,${writeJson(field.message!, entry as never)}`)];
  const bytes = writeBinary(field.message!, entry as never);
  return [head(field.number, bytes.length), bytes];
}

/**
 * As `encodedEntry`, of an entry with a long list of its own, which is encoded slice by slice.
 *
 * @param entry with that list empty
 * @param long the property of the list
 */
export async function encodedLongEntry(
  schema: DescMessage,
  property: string,
  entry: object,
  long: string,
  items: Iterable<object>,
  type: MediaType,
  slicer: Slicer,
): Promise<Uint8Array[]> {
  const field = fieldOf(schema, property);
  const message = field.message!;
  const list = fieldOf(message, long);
  const encoded: Uint8Array[] = [];
  let count = 0;
  for (const item of items) {
    encoded.push(...encodedEntry(message, long, item, type));
    if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
  }
  if (count === 0) return encodedEntry(schema, property, entry, type);
  const before = fieldsBefore(message, long, entry);
  if (type !== PROTOBUF_TYPE) {
    const start = writeJson(message, before as never).slice(0, -1);
    const rest = writeJson(message, entry as never).slice(start.length);
    // The first comma is the list's own.
    encoded[0] = encoded[0]!.subarray(1);
    const comma = start === '{' ? '' : ',';
    return [Buffer.from(`,${start}${comma}"${list.name}":[`), ...encoded, Buffer.from(`]${rest}`)];
  }
  const start = writeBinary(message, before as never);
  const rest = writeBinary(message, entry as never).subarray(start.length);
  const length = start.length + lengthOf(encoded) + rest.length;
  return [head(field.number, length), start, ...encoded, rest];
}

/** What of the entry is written before that property. */
function fieldsBefore(message: DescMessage, property: string, entry: object): object {
  const order = shapeOf(message).fields.map((field) => field.property);
  const before = new Set(order.slice(0, order.indexOf(property)));
  return Object.fromEntries(Object.entries(entry).filter(([name]) => before.has(name)));
}

/** Entries between two looks at the time. */
const LOOK = 16;
/** Characters that are gathered before they become bytes. */
const GATHER = 65_536;
/** Bytes that are not worth a copy. */
const LARGE = 16_384;

/** The message in pieces of bytes. The event loop turns in between: see `BigMessage.lists` for whose instants they are. */
export async function writeBig(
  message: BigMessage,
  type: MediaType,
  slicer: Slicer,
): Promise<readonly Uint8Array[]> {
  if (type === PROTOBUF_TYPE) return await gathered(await bigBinary(message, slicer), slicer);
  const sink = new TextSink();
  await bigJson(message, sink, slicer);
  return sink.finish();
}

/** Many small pieces as fewer large ones: each piece costs the socket a call. */
async function gathered(pieces: readonly Uint8Array[], slicer: Slicer): Promise<readonly Uint8Array[]> {
  const large: Uint8Array[] = [];
  let some: Uint8Array[] = [];
  let length = 0;
  const gather = (): void => {
    if (length > 0) large.push(Buffer.concat(some, length));
    some = [];
    length = 0;
  };
  for (const piece of pieces) {
    if (piece.length >= LARGE) {
      gather();
      large.push(piece);
      continue;
    }
    some.push(piece);
    length += piece.length;
    if (length < GATHER) continue;
    gather();
    if (slicer.isDue) await slicer.pause();
  }
  gather();
  return large;
}

export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** Text that grows, as pieces of bytes. Bytes that are large are not copied. */
export class TextSink {
  #text = '';
  /** Small ones that wait to be gathered. */
  #small: Buffer[] = [];
  #smallLength = 0;
  readonly #pieces: Buffer[] = [];

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= GATHER) this.#flush();
  }

  /** They must stay as they are. */
  writeBytes(bytes: Buffer): void {
    if (this.#text !== '') this.#take(Buffer.from(this.#text));
    this.#text = '';
    this.#take(bytes);
  }

  finish(): readonly Buffer[] {
    this.#flush();
    return this.#pieces;
  }

  #take(bytes: Buffer): void {
    if (bytes.length >= LARGE) {
      this.#gather();
      this.#pieces.push(bytes);
      return;
    }
    this.#small.push(bytes);
    this.#smallLength += bytes.length;
    if (this.#smallLength >= GATHER) this.#gather();
  }

  #flush(): void {
    if (this.#text !== '') this.#take(Buffer.from(this.#text));
    this.#text = '';
    this.#gather();
  }

  #gather(): void {
    if (this.#smallLength === 0) return;
    this.#pieces.push(this.#small.length === 1 ? this.#small[0]! : Buffer.concat(this.#small));
    this.#small = [];
    this.#smallLength = 0;
  }
}

async function bigJson(message: BigMessage, sink: TextSink, slicer: Slicer): Promise<void> {
  const small = writeJson(message.schema, (message.small ?? {}) as never);
  sink.write(small.slice(0, -1));
  let isFirst = small === '{}';
  const name = (property: string): void => {
    sink.write(`${isFirst ? '' : ','}"${fieldOf(message.schema, property).name}":`);
    isFirst = false;
  };
  for (const [property, items] of Object.entries(message.lists ?? {})) {
    if (isEncoded(items)) {
      const pieces = await items.encoded(slicer);
      if (pieces.length === 0) continue;
      name(property);
      sink.write('[');
      pieces.forEach((piece, index) => {
        sink.writeBytes(index === 0 ? piece.subarray(1) : piece);
      });
      sink.write(']');
      continue;
    }
    const entry = fieldOf(message.schema, property).message!;
    let count = 0;
    for (const item of items) {
      if (count === 0) name(property);
      sink.write((count === 0 ? '[' : ',') + writeJson(entry, item as never));
      if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
    }
    if (count > 0) sink.write(']');
  }
  for (const [property, part] of Object.entries(message.parts ?? {})) {
    name(property);
    await bigJson(part, sink, slicer);
  }
  sink.write('}');
}

async function bigBinary(message: BigMessage, slicer: Slicer): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [writeBinary(message.schema, (message.small ?? {}) as never)];
  for (const [property, items] of Object.entries(message.lists ?? {})) {
    if (isEncoded(items)) {
      for (const piece of await items.encoded(slicer)) pieces.push(piece);
      continue;
    }
    const field = fieldOf(message.schema, property);
    let count = 0;
    for (const item of items) {
      const bytes = writeBinary(field.message!, item as never);
      pieces.push(head(field.number, bytes.length), bytes);
      if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
    }
  }
  for (const [property, part] of Object.entries(message.parts ?? {})) {
    const inner = await bigBinary(part, slicer);
    pieces.push(head(fieldOf(message.schema, property).number, lengthOf(inner)));
    for (const piece of inner) pieces.push(piece);
  }
  return pieces;
}

/** The tag and the length before a field that is a message. */
function head(number: number, length: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish();
}

function fieldOf(schema: DescMessage, property: string) {
  return schema.field[property]!;
}
