import { type DescMessage, type MessageInitShape, ScalarType } from '@bufbuild/protobuf';
import { type PlainMessage, setValue, shapeOf, type ValueShape } from './shape.ts';

/**
 * A message as JSON text by Mesos's rules (spec 01 §5): names as in the proto, 64-bit numbers as numbers, enums by name, bytes in base64,
 * unset fields and empty lists left out. Takes the plain form of a message, so that nothing is copied first.
 */
export function writeJson<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): string {
  return writeMessage(schema, message);
}

function writeMessage(schema: DescMessage, message: PlainMessage): string {
  let text = '{';
  for (const field of shapeOf(schema).fields) {
    const value = setValue(message, field);
    if (value === undefined) continue;
    if (field.repeats === 'list') {
      const list = value as readonly unknown[];
      if (list.length === 0) continue;
      text += `${text === '{' ? '' : ','}"${field.name}":[`;
      for (let index = 0; index < list.length; index++) {
        if (index > 0) text += ',';
        text += writeValue(field.value, list[index]);
      }
      text += ']';
    } else if (field.repeats === 'map') {
      const entries = Object.entries(value as PlainMessage);
      if (entries.length === 0) continue;
      text += `${text === '{' ? '' : ','}"${field.name}":{`;
      text += entries
        .map(([key, entry]) => `${JSON.stringify(key)}:${writeValue(field.value, entry)}`)
        .join(',');
      text += '}';
    } else {
      text += `${text === '{' ? '' : ','}"${field.name}":${writeValue(field.value, value)}`;
    }
  }
  return `${text}}`;
}

function writeValue(shape: ValueShape, value: unknown): string {
  if (shape.kind === 'message') return writeMessage(shape.message, value as PlainMessage);
  if (shape.kind === 'enum') return `"${shape.names.get(value as number) ?? 'UNKNOWN'}"`;
  switch (shape.scalar) {
    case ScalarType.STRING:
      return JSON.stringify(value);
    case ScalarType.BYTES: {
      const bytes = value as Uint8Array;
      return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`;
    }
    case ScalarType.DOUBLE:
      if (Object.is(value, -0)) return '-0';
      return Number.isFinite(value) ? String(value) : `"${String(value)}"`;
    default:
      return String(value);
  }
}
