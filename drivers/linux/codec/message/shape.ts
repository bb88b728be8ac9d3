import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';

/** What a single value of a field is. */
export type ValueShape =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | {
      readonly kind: 'enum';
      readonly names: ReadonlyMap<number, string>;
      readonly numbers: ReadonlyMap<string, number>;
    }
  /** Looked up when it is first needed: messages contain each other. */
  | { readonly kind: 'message'; readonly message: DescMessage };

export interface FieldShape {
  /** As on the wire. */
  readonly name: string;
  readonly number: number;
  /** As in the generated types. */
  readonly property: string;
  readonly repeats: 'once' | 'list' | 'map';
  readonly value: ValueShape;
  readonly isRequired: boolean;
  /** The property of the oneof it belongs to. */
  readonly oneof: string | null;
}

export interface MessageShape {
  readonly message: DescMessage;
  readonly fields: readonly FieldShape[];
  readonly byName: ReadonlyMap<string, FieldShape>;
  readonly required: readonly FieldShape[];
}

const shapes = new WeakMap<DescMessage, MessageShape>();
const enums = new WeakMap<DescEnum, ValueShape>();

/** The fields of a message as the codecs walk them, made once per kind of message. */
export function shapeOf(message: DescMessage): MessageShape {
  const known = shapes.get(message);
  if (known !== undefined) return known;
  const fields = message.fields.map(fieldShape);
  const shape = {
    message,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
    required: fields.filter((field) => field.isRequired),
  };
  shapes.set(message, shape);
  return shape;
}

function fieldShape(field: DescField): FieldShape {
  const repeats = field.fieldKind === 'list' ? 'list' : field.fieldKind === 'map' ? 'map' : 'once';
  return {
    name: field.name,
    number: field.number,
    property: field.localName,
    repeats,
    value: valueShape(field),
    isRequired: field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED,
    oneof: field.oneof?.localName ?? null,
  };
}

function valueShape(field: DescField): ValueShape {
  if (field.message !== undefined) return { kind: 'message', message: field.message };
  if (field.enum !== undefined) return enumShape(field.enum);
  return { kind: 'scalar', scalar: field.scalar ?? ScalarType.STRING };
}

function enumShape(desc: DescEnum): ValueShape {
  const known = enums.get(desc);
  if (known !== undefined) return known;
  const shape: ValueShape = {
    kind: 'enum',
    names: new Map(desc.values.map(({ name, number }) => [number, name])),
    numbers: new Map(desc.values.map(({ name, number }) => [name, number])),
  };
  enums.set(desc, shape);
  return shape;
}

/** A message in the plain form in which it is written: fields that are set, no more. */
export interface PlainMessage {
  readonly [property: string]: unknown;
}

/** Undefined when it is unset; defaults that a message inherits are not set. */
export function setValue(message: PlainMessage, field: FieldShape): unknown {
  if (field.oneof === null) {
    return Object.hasOwn(message, field.property) ? message[field.property] : undefined;
  }
  const chosen = message[field.oneof] as { readonly case?: string; readonly value?: unknown } | undefined;
  return chosen?.case === field.property ? chosen.value : undefined;
}
