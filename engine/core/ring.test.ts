import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from './ring.ts';

test('a ring holds the last things pushed, oldest first', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.array(fc.nat(), { maxLength: 30 }), (capacity, pushed) => {
      const ring = new Ring<number>(capacity);
      for (const item of pushed) ring.push(item);
      const expected = pushed.slice(-capacity);
      expect([...ring]).toEqual(expected);
      expect(ring.length).toBe(expected.length);
      expected.forEach((item, index) => expect(ring.at(index)).toBe(item));
    }),
  );
});

test('a ring without room is a mistake of ours', () => {
  expect(() => new Ring(0)).toThrow('at least one');
});
