import {
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageValidType as Shape,
  ScalarType,
} from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { assert } from '../../../../engine/core/index.ts';
import { missing } from './read-json.ts';
import { type PlainMessage, setValue, shapeOf, type ValueShape } from './shape.ts';
import { below, WireError } from './wire-error.ts';

/** A message from protobuf bytes, required fields checked. Unknown fields are ignored, unknown enum numbers count as unset. Throws WireError. */
export function readBinary<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): Shape<Desc> {
  let message: Shape<Desc>;
  try {
    // Valid once its required fields are checked, below.
    message = fromBinary(schema, bytes) as Shape<Desc>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WireError('', `The body is no protobuf message ${schema.typeName}: ${reason}`);
  }
  checkRequired(schema, message, '');
  return message;
}

/** Protobuf bytes of the plain form of a message: nothing is copied into a message first, which costs most of the time otherwise. */
export function writeBinary<Desc extends DescMessage>(
  schema: Desc,
  message: MessageInitShape<Desc>,
): Uint8Array {
  const writer = new BinaryWriter();
  writeFields(schema, message, writer);
  return writer.finish();
}

function writeFields(schema: DescMessage, message: PlainMessage, writer: BinaryWriter): void {
  for (const field of shapeOf(schema).fields) {
    const value = setValue(message, field);
    if (value === undefined) {
      assert(!field.isRequired, 'a message is written with its required fields');
    } else if (field.repeats === 'list') {
      for (const entry of value as readonly unknown[]) writeValue(field.number, field.value, entry, writer);
    } else if (field.repeats === 'map') {
      for (const [key, entry] of Object.entries(value as PlainMessage)) {
        writer.tag(field.number, WireType.LengthDelimited).fork();
        writer.tag(1, WireType.LengthDelimited).string(key);
        writeValue(2, field.value, entry, writer);
        writer.join();
      }
    } else {
      writeValue(field.number, field.value, value, writer);
    }
  }
}

function writeValue(number: number, shape: ValueShape, value: unknown, writer: BinaryWriter): void {
  if (shape.kind === 'message') {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeFields(shape.message, value as PlainMessage, writer);
    writer.join();
    return;
  }
  if (shape.kind === 'enum') {
    writer.tag(number, WireType.Varint).int32(value as number);
    return;
  }
  switch (shape.scalar) {
    case ScalarType.STRING:
      writer.tag(number, WireType.LengthDelimited).string(value as string);
      break;
    case ScalarType.BYTES:
      writer.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array<ArrayBuffer>);
      break;
    case ScalarType.BOOL:
      writer.tag(number, WireType.Varint).bool(value as boolean);
      break;
    case ScalarType.DOUBLE:
      writer.tag(number, WireType.Bit64).double(value as number);
      break;
    case ScalarType.INT64:
      writer.tag(number, WireType.Varint).int64(value as bigint);
      break;
    case ScalarType.UINT64:
      writer.tag(number, WireType.Varint).uint64(value as bigint);
      break;
    case ScalarType.INT32:
      writer.tag(number, WireType.Varint).int32(value as number);
      break;
    case ScalarType.UINT32:
      writer.tag(number, WireType.Varint).uint32(value as number);
      break;
    default:
      assert(false, 'no message of Mesos has another type');
  }
}

/** Throws WireError for the first required field that is not there, at any depth. */
function checkRequired(
  schema: DescMessage,
  message: { readonly [property: string]: unknown },
  path: string,
): void {
  for (const field of shapeOf(schema).fields) {
    const { value: shape } = field;
    if (field.isRequired && !Object.hasOwn(message, field.property)) throw missing(below(path, field.name));
    if (shape.kind !== 'message') continue;
    const value =
      field.oneof === null ? message[field.property] : oneofValue(message[field.oneof], field.property);
    if (value === undefined || value === null) continue;
    if (field.repeats === 'list') {
      (value as readonly never[]).forEach((entry, index) => {
        checkRequired(shape.message, entry, below(path, `${field.name}[${index}]`));
      });
    } else if (field.repeats === 'map') {
      for (const [key, entry] of Object.entries(value)) {
        checkRequired(shape.message, entry as never, below(path, `${field.name}[${JSON.stringify(key)}]`));
      }
    } else {
      checkRequired(shape.message, value as never, below(path, field.name));
    }
  }
}

function oneofValue(oneof: unknown, property: string): unknown {
  const chosen = oneof as { readonly case?: string; readonly value?: unknown } | undefined;
  return chosen?.case === property ? chosen.value : undefined;
}
