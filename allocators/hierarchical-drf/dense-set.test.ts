import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DenseSet } from './dense-set.ts';

test('a dense set holds what a plain set holds, and copies it in either order', () => {
  const change = fc.record({ add: fc.boolean(), member: fc.nat(300) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
      const set = new DenseSet();
      const plain = new Set<number>();
      for (const { add, member } of changes) {
        if (add) {
          set.add(member);
          plain.add(member);
        } else {
          set.remove(member);
          plain.delete(member);
        }
        expect(set.has(member)).toBe(add);
        expect(set.size).toBe(plain.size);
      }
      const target = new Int32Array(301);
      const ascending = [...plain].sort((a, b) => a - b);
      expect([...target.subarray(0, set.copyAscendingTo(target))]).toEqual(ascending);
      expect([...target.subarray(0, set.copyTo(target))].sort((a, b) => a - b)).toEqual(ascending);
    }),
  );
});
