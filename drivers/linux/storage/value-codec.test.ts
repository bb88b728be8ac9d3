import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Milli, milli } from '../../../engine/core/index.ts';
import {
  Quantities,
  type Resource,
  type ResourceIdentity,
  resourceIdentity,
  ResourceLimits,
  Resources,
  rangesResource,
  scalarResource,
  setResource,
  withCount,
} from '../../../engine/resources/index.ts';
import { ValueFormatError, ValueReader } from './value-reader.ts';
import { ValueWriter } from './value-writer.ts';

const labels = fc.option(
  fc.array(fc.record({ key: fc.string({ maxLength: 3 }), value: fc.option(fc.string({ maxLength: 3 })) }), {
    maxLength: 2,
  }),
);
const identity: fc.Arbitrary<ResourceIdentity> = fc
  .record({
    name: fc.constantFrom('cpus', 'disk', 'ports', 'custom'),
    type: fc.constantFrom('SCALAR', 'RANGES', 'SET'),
    reservations: fc.array(
      fc.record({
        type: fc.constantFrom('STATIC', 'DYNAMIC'),
        role: fc.constantFrom('eng', 'eng/a'),
        principal: fc.option(fc.string()),
        labels,
      }),
      { maxLength: 2 },
    ),
    disk: fc.option(
      fc.record({
        source: fc.constant(null),
        persistence: fc.option(fc.record({ id: fc.string(), principal: fc.option(fc.string()) })),
        volume: fc.option(
          fc.record({ containerPath: fc.string(), mode: fc.constantFrom<'RW' | 'RO'>('RW', 'RO') }),
        ),
      }),
    ),
    revocable: fc.boolean(),
    shared: fc.boolean(),
    providerId: fc.option(fc.string()),
    allocationRole: fc.option(fc.string()),
  })
  .map((parts) => resourceIdentity(parts as Parameters<typeof resourceIdentity>[0]));

const amount = fc.integer({ min: 1, max: 2 ** 40 }).map(milli);
const resource: fc.Arbitrary<Resource> = fc
  .tuple(identity, amount, fc.nat(1_000), fc.integer({ min: 1, max: 3 }))
  .map(([kind, scalar, begin, count]) => {
    if (kind.type === 'RANGES') return rangesResource(kind, [{ begin, end: begin + count }]);
    if (kind.type === 'SET') return setResource(kind, ['a', 'b'].slice(0, count));
    const one = scalarResource(kind, scalar);
    return kind.shared ? withCount(one, count) : one;
  });
const resources = fc.array(resource, { maxLength: 4 }).map((entries) => Resources.of(entries));
const amounts: fc.Arbitrary<(readonly [string, Milli])[]> = fc.uniqueArray(
  fc.tuple(fc.constantFrom('cpus', 'mem', 'x'), amount),
  { selector: ([name]) => name },
);

const key = fc.string({ maxLength: 12 }).filter((text) => text !== '__proto__');
/** Anything that the engine's messages, registry and checkpoints are made of. */
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, undefined, -0, Infinity, -Infinity, NaN, 2 ** 53 - 1, -(2 ** 53) + 1),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.string(),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.uint8Array(),
    resources,
    amounts.map((entries) => Quantities.of(entries)),
    amounts.map((entries) => ResourceLimits.of(entries)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(fc.integer(), { maxLength: 3 }).map((entries) => new Set(entries)),
  ),
})).value;

test('what a writer writes, value after value, a reader reads', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 6 }), (values) => {
      const writer = new ValueWriter();
      const reader = new ValueReader();
      for (const one of values) expect(reader.read(Buffer.from(writer.write(one)))).toEqual(one);
    }),
  );
});

test('after a writer and a reader forgot, values are read without those before', () => {
  fc.assert(
    fc.property(value, value, (before, after) => {
      const writer = new ValueWriter();
      writer.write(before);
      writer.forget();
      expect(new ValueReader().read(Buffer.from(writer.write(after)))).toEqual(after);
    }),
  );
});

test('equal values are equal bytes, so that a file can be compared', () => {
  fc.assert(
    fc.property(value, (one) => {
      expect(Buffer.from(new ValueWriter().write(one))).toEqual(Buffer.from(new ValueWriter().write(one)));
    }),
  );
});

test('bytes that nobody wrote are refused as such or read as some value, and never harm the reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        new ValueReader().read(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ValueFormatError);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a value cut off anywhere is refused', () => {
  fc.assert(
    fc.property(value, fc.nat(), (one, cut) => {
      const bytes = Buffer.from(new ValueWriter().write(one));
      expect(() => new ValueReader().read(bytes.subarray(0, cut % bytes.length))).toThrow(ValueFormatError);
    }),
  );
});

test('what is no data is refused', () => {
  class Strange {
    readonly field = 1;
  }
  for (const strange of [() => 1, Symbol('s'), new Strange(), 10n, new Date(0)]) {
    expect(() => new ValueWriter().write({ a: [strange] })).toThrow(/data/);
  }
});

test('names of fields and short texts that repeat cost no more than a few bytes', () => {
  const writer = new ValueWriter();
  const update = { kind: 'agentMessage', link: 7, message: { type: 'STATUS_UPDATE', state: 'TASK_RUNNING' } };
  const first = writer.write(update).length;
  expect(writer.write(update).length).toBeLessThan(first / 4);
});
