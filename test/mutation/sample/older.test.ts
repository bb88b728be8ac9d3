import { expect, test } from 'vitest';
import { older } from './older.ts';

test('what came first is older', () => {
  expect(older(1, 2)).toBe(true);
  expect(older(2, 1)).toBe(false);
});
