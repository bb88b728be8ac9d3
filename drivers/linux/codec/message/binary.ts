import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageValidType as Shape,
  toBinary,
} from '@bufbuild/protobuf';
import { missing } from './read-json.ts';
import { shapeOf } from './shape.ts';
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

export function writeBinary<Desc extends DescMessage>(
  schema: Desc,
  message: MessageInitShape<Desc>,
): Uint8Array {
  return toBinary(schema, create(schema, message));
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
