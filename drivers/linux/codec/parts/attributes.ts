import type { MessageInitShape } from '@bufbuild/protobuf';
import { fromMilli, toMilli } from '../../../../engine/core/index.ts';
import type { Attribute } from '../../../../engine/protocol/index.ts';
import {
  type AttributeSchema,
  type AttributeValid,
  Value_Type,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { WireError } from '../message/wire-error.ts';
import { count } from './presence.ts';

export function attributesFromWire(attributes: readonly AttributeValid[], path: string): Attribute[] {
  return attributes.map((attribute, index) => attributeFromWire(attribute, `${path}[${index}]`));
}

function attributeFromWire(attribute: AttributeValid, path: string): Attribute {
  const { name, type } = attribute;
  if (type === Value_Type.SCALAR && attribute.scalar !== undefined) {
    const { value } = attribute.scalar;
    if (!Number.isFinite(value)) throw new WireError(path, `'${name}' is ${value}; expected a finite number`);
    return { name, type: 'SCALAR', scalar: toMilli(value) };
  }
  if (type === Value_Type.RANGES && attribute.ranges !== undefined) {
    const ranges = attribute.ranges.range.map(({ begin, end }) => ({
      begin: count(begin, path),
      end: count(end, path),
    }));
    return { name, type: 'RANGES', ranges };
  }
  if (type === Value_Type.SET && attribute.set !== undefined)
    return { name, type: 'SET', items: [...attribute.set.item] };
  if (type === Value_Type.TEXT && attribute.text !== undefined)
    return { name, type: 'TEXT', text: attribute.text.value };
  throw new WireError(path, `attribute '${name}' needs exactly the value field of its type`);
}

export function attributesToWire(
  attributes: readonly Attribute[],
): MessageInitShape<typeof AttributeSchema>[] {
  return attributes.map((attribute) => {
    const { name } = attribute;
    switch (attribute.type) {
      case 'SCALAR':
        return { name, type: Value_Type.SCALAR, scalar: { value: fromMilli(attribute.scalar) } };
      case 'RANGES':
        return {
          name,
          type: Value_Type.RANGES,
          ranges: {
            range: attribute.ranges.map(({ begin, end }) => ({ begin: BigInt(begin), end: BigInt(end) })),
          },
        };
      case 'SET':
        return { name, type: Value_Type.SET, set: { item: [...attribute.items] } };
      case 'TEXT':
        return { name, type: Value_Type.TEXT, text: { value: attribute.text } };
    }
  });
}
