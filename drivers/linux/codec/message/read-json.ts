import { create, type DescMessage, type MessageValidType as Shape, ScalarType } from '@bufbuild/protobuf';
import { type FieldShape, shapeOf, type ValueShape } from './shape.ts';
import { below, WireError } from './wire-error.ts';

/** Deeper nesting is refused; the deepest message that makes sense has about fifteen levels. */
const DEPTH_MAX = 64;

/**
 * A message from JSON values by Mesos's rules (spec 01 §5): names as in the proto, numbers also as strings, null for an absent field,
 * unknown fields ignored, an unknown enum name in an optional field dropped, bytes in base64. Required fields are checked. Throws WireError.
 */
export function readJson<Desc extends DescMessage>(schema: Desc, json: unknown): Shape<Desc> {
  return readMessage(schema, json, '', 0) as Shape<Desc>;
}

function readMessage(schema: DescMessage, json: unknown, path: string, depth: number): object {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new WireError(path, `expected an object, got ${describe(json)}`);
  }
  if (depth > DEPTH_MAX) throw new WireError(path, `nested deeper than ${DEPTH_MAX} levels`);
  const shape = shapeOf(schema);
  const message: Record<string, unknown> = create(schema);
  for (const name of Object.keys(json)) {
    const field = shape.byName.get(name);
    if (field === undefined) continue;
    const value = (json as Record<string, unknown>)[name];
    if (value === null || value === undefined) continue;
    readField(message, field, value, below(path, name), depth);
  }
  for (const field of shape.required) {
    if (!Object.hasOwn(message, field.property)) throw missing(below(path, field.name));
  }
  return message;
}

export function missing(path: string): WireError {
  return new WireError(path, 'required, and missing');
}

function readField(
  message: Record<string, unknown>,
  field: FieldShape,
  json: unknown,
  path: string,
  depth: number,
): void {
  if (field.repeats === 'list') {
    if (!Array.isArray(json)) throw new WireError(path, `expected an array, got ${describe(json)}`);
    const list = message[field.property] as unknown[];
    for (let index = 0; index < json.length; index++) {
      const value = readValue(field.value, json[index], `${path}[${index}]`, depth);
      if (value !== UNKNOWN_NAME) list.push(value);
    }
  } else if (field.repeats === 'map') {
    if (typeof json !== 'object' || Array.isArray(json)) {
      throw new WireError(path, `expected an object, got ${describe(json)}`);
    }
    const map = message[field.property] as Record<string, unknown>;
    for (const [key, entry] of Object.entries(json as object)) {
      if (entry === null) continue;
      const value = readValue(field.value, entry, `${path}[${JSON.stringify(key)}]`, depth);
      if (value !== UNKNOWN_NAME) setOwn(map, key, value);
    }
  } else {
    const value = readValue(field.value, json, path, depth);
    if (value === UNKNOWN_NAME) {
      if (field.isRequired) throw new WireError(path, `unknown name ${describe(json)}`);
    } else if (field.oneof === null) {
      message[field.property] = value;
    } else {
      const chosen = message[field.oneof] as { readonly case: string | undefined };
      if (chosen.case !== undefined) throw new WireError(path, `stands beside another of its kind; give one`);
      message[field.oneof] = { case: field.property, value };
    }
  }
}

/** `__proto__` is a legal key of a map. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

const UNKNOWN_NAME = Symbol('a name that the enum does not have');

function readValue(shape: ValueShape, json: unknown, path: string, depth: number): unknown {
  if (shape.kind === 'message') return readMessage(shape.message, json, path, depth + 1);
  if (shape.kind === 'enum') {
    if (typeof json !== 'string') throw new WireError(path, `expected a name, got ${describe(json)}`);
    return shape.numbers.get(json) ?? UNKNOWN_NAME;
  }
  switch (shape.scalar) {
    case ScalarType.STRING:
      if (typeof json !== 'string') throw new WireError(path, `expected a string, got ${describe(json)}`);
      return json;
    case ScalarType.BOOL:
      if (typeof json !== 'boolean')
        throw new WireError(path, `expected true or false, got ${describe(json)}`);
      return json;
    case ScalarType.BYTES:
      return readBytes(json, path);
    case ScalarType.DOUBLE:
      return readDouble(json, path);
    case ScalarType.INT64:
      return readLong(json, path, -(2n ** 63n), 2n ** 63n - 1n);
    case ScalarType.UINT64:
      return readLong(json, path, 0n, 2n ** 64n - 1n);
    case ScalarType.INT32:
      return Number(readLong(json, path, -(2n ** 31n), 2n ** 31n - 1n));
    case ScalarType.UINT32:
      return Number(readLong(json, path, 0n, 2n ** 32n - 1n));
    default:
      throw new WireError(path, 'a type that no message of Mesos has');
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

function readBytes(json: unknown, path: string): Uint8Array {
  if (typeof json !== 'string') throw new WireError(path, `expected base64 text, got ${describe(json)}`);
  if (!BASE64.test(json)) throw new WireError(path, 'expected base64 text, got other characters');
  return new Uint8Array(Buffer.from(json, 'base64'));
}

function readDouble(json: unknown, path: string): number {
  if (typeof json === 'number') return json;
  if (
    typeof json === 'string' &&
    /^(?:-?Infinity|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/.test(json)
  ) {
    return Number(json);
  }
  throw new WireError(path, `expected a number, got ${describe(json)}`);
}

function readLong(json: unknown, path: string, min: bigint, max: bigint): bigint {
  let value: bigint | null = null;
  if (typeof json === 'number' && Number.isInteger(json)) value = BigInt(json);
  else if (typeof json === 'string' && /^-?\d{1,20}$/.test(json)) value = BigInt(json);
  // Some clients write whole numbers with a fraction of zero.
  else if (typeof json === 'string' && /^-?\d{1,20}\.0+$/.test(json))
    value = BigInt(json.slice(0, json.indexOf('.')));
  if (value === null || value < min || value > max) {
    throw new WireError(path, `expected a whole number from ${min} to ${max}, got ${describe(json)}`);
  }
  return value;
}

/** A value from outside in an error's text, cut to a line. */
function describe(json: unknown): string {
  if (Array.isArray(json)) return 'an array';
  if (typeof json === 'object' && json !== null) return 'an object';
  const text = JSON.stringify(json) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
