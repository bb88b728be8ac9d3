import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_JOURNAL_OPTIONS } from './journal-options.ts';
import { firstWithin } from './prune-plan.ts';

const OPTIONS = { ...DEFAULT_JOURNAL_OPTIONS, segmentBytes: 10, totalBytes: 100, ageMillis: 1_000 };
const NOW = 1_000_000;

const older = fc
  .array(fc.record({ bytes: fc.nat(60), writtenMillis: fc.integer({ min: NOW - 3_000, max: NOW }) }), {
    maxLength: 12,
  })
  .map((segments) => segments.map((segment, index) => ({ ...segment, number: index + 5 })));

test('all segments from the first one on are within the bounds, and one more would not be', () => {
  fc.assert(
    fc.property(older, fc.integer({ min: 1, max: 3 }), (segments, times) => {
      const current = segments.length + 5;
      const first = firstWithin(segments, current, OPTIONS, times, NOW);
      const isWithin = (from: number) => {
        const kept = segments.filter(({ number }) => number >= from);
        const bytes = kept.reduce((sum, segment) => sum + segment.bytes, OPTIONS.segmentBytes);
        return (
          bytes <= times * OPTIONS.totalBytes &&
          kept.every(({ writtenMillis }) => NOW - writtenMillis <= times * OPTIONS.ageMillis)
        );
      };
      expect(first).toBeLessThanOrEqual(current);
      expect(isWithin(first)).toBe(true);
      if (first > (segments[0]?.number ?? current)) expect(isWithin(first - 1)).toBe(false);
    }),
  );
});
