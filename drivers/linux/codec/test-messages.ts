/** Messages of every kind, at random, for tests of the codecs. */
import { create, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { shapeOf, type ValueShape } from './message/shape.ts';

const NAMES = [
  'a',
  'b',
  'web.1',
  'eng',
  'eng/front',
  '*',
  '',
  'cpus',
  'mem',
  'ports',
  'ä€😀',
  '/',
  '..',
] as const;

/** Valid ones: required fields are there, enums have names. Deeper than `depth`, optional sub-messages stop. */
export function message(schema: DescMessage, depth = 5): fc.Arbitrary<object> {
  const { fields } = shapeOf(schema);
  const parts: Record<string, fc.Arbitrary<unknown>> = {};
  const oneofs = new Map<string, fc.Arbitrary<unknown>[]>();
  for (const field of fields) {
    const isDeep = field.value.kind === 'message' && depth <= 0;
    if (isDeep && !field.isRequired) continue;
    const one = value(field.value, depth - 1);
    if (field.oneof !== null) {
      const cases = oneofs.get(field.oneof) ?? [];
      cases.push(one.map((given) => ({ case: field.property, value: given })));
      oneofs.set(field.oneof, cases);
    } else if (field.repeats === 'list') {
      parts[field.property] = fc.array(one, { maxLength: 2 });
    } else if (field.repeats === 'map') {
      parts[field.property] = fc.dictionary(fc.constantFrom(...NAMES, '__proto__'), one, {
        maxKeys: 2,
        noNullPrototype: true,
      });
    } else {
      parts[field.property] = field.isRequired ? one : fc.option(one, { nil: undefined, freq: 2 });
    }
  }
  for (const [oneof, cases] of oneofs) parts[oneof] = fc.oneof(...cases);
  return fc.record(parts).map((init) => {
    const made: Record<string, unknown> = create(schema);
    for (const [name, given] of Object.entries(init)) {
      if (given !== undefined) made[name] = given;
    }
    return made;
  });
}

function value(shape: ValueShape, depth: number): fc.Arbitrary<unknown> {
  if (shape.kind === 'message') return fc.constant(null).chain(() => message(shape.message, depth));
  if (shape.kind === 'enum') return fc.constantFrom(...shape.names.keys());
  switch (shape.scalar) {
    case ScalarType.STRING:
      return fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'grapheme', maxLength: 5 }));
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.BYTES:
      return fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
    case ScalarType.DOUBLE:
      return fc.oneof(fc.nat(100), fc.double(), fc.constantFrom(0.1, -1, Infinity, 1e300));
    case ScalarType.INT64:
      return fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(0n, 10n));
    case ScalarType.UINT64:
      return fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 10n));
    case ScalarType.INT32:
      return fc.integer();
    default:
      return fc.nat(2 ** 32 - 1);
  }
}
