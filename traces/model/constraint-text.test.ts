import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatConstraints, parseConstraints } from './constraint-text.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('a', '=', '!', '|', ';', '%', ',', '"', '\n') }),
);
const constraint = fc.record({
  attribute: text.filter((name) => name !== ''),
  operator: fc.constantFrom('IN' as const, 'NOT_IN' as const),
  values: fc.array(text, { minLength: 1, maxLength: 4 }),
});

test('constraints read back as they were written, whatever their texts hold', () => {
  fc.assert(
    fc.property(fc.array(constraint, { maxLength: 4 }), (constraints) => {
      const written = formatConstraints(constraints);
      expect(written).not.toMatch(/[,"\n\r]/);
      expect(parseConstraints(written)).toEqual(constraints);
    }),
  );
});

test.each(['gpu_model', '=a', 'a==b', 'a=b;', 'a=%', 'a=%zz', 'a!b'])(
  '%j is no list of constraints',
  (written) => {
    expect(parseConstraints(written)).toBeNull();
  },
);
