import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseWallClock } from './wall-clock.ts';

test('a wall clock is as many seconds after 1970 as UTC says', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
      const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
      expect(parseWallClock(text)).toBe(seconds);
    }),
  );
});

test.each([
  '',
  'None',
  '2017-10-09',
  '2017-10-09T07:01:55',
  '2017-10-09 07:01:60',
  '2017-10-09 24:00:00',
  '2017-13-01 00:00:00',
  '2017-02-29 00:00:00',
  '1900-02-29 00:00:00',
  '2017-00-01 00:00:00',
  '2017-01-00 00:00:00',
  '2017-1-01 00:00:000',
  '0000-01-01 00:00:00',
  '2017-10-09 07:01:5x',
])('%j is no instant', (text) => {
  expect(parseWallClock(text)).toBeNaN();
});
