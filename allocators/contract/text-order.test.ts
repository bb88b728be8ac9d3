import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextOrder } from './text-order.ts';

test('numbers order as their texts do, in whatever order these come', () => {
  const texts = fc.array(fc.string({ maxLength: 3 }), { maxLength: 200 });
  fc.assert(
    fc.property(texts, (given) => {
      const order = new TextOrder();
      for (const text of given) order.numberOf(text);
      const byNumber = [...new Set(given)].sort((a, b) => order.numberOf(a) - order.numberOf(b));
      expect(byNumber).toEqual([...new Set(given)].sort());
    }),
  );
});
