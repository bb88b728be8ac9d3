import { type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { shapeOf, type ValueShape } from './shape.ts';

/** The set fields of a message as plain JSON values, for readers of JSON; 64-bit numbers as doubles. */
export function plainJson(schema: DescMessage, message: object): { readonly [name: string]: unknown } {
  const json: Record<string, unknown> = {};
  for (const field of shapeOf(schema).fields) {
    if (field.oneof !== null || !Object.hasOwn(message, field.property)) continue;
    const value = (message as { readonly [property: string]: unknown })[field.property];
    if (value === undefined) continue;
    if (field.repeats === 'list') {
      const list = value as readonly unknown[];
      if (list.length > 0) json[field.name] = list.map((entry) => plainValue(field.value, entry));
    } else {
      json[field.name] = plainValue(field.value, value);
    }
  }
  return json;
}

function plainValue(shape: ValueShape, value: unknown): unknown {
  if (shape.kind === 'message') return plainJson(shape.message, value as object);
  if (shape.kind === 'enum') return shape.names.get(value as number);
  if (shape.scalar === ScalarType.BYTES) return Buffer.from(value as Uint8Array).toString('base64');
  return typeof value === 'bigint' ? Number(value) : value;
}
