import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros } from '../core/index.ts';
import { RateLimiter } from './rate-limits.ts';
import { stateDigest } from './state-digest.ts';
import { frameworkInfo, MasterDriver, SECOND, words } from './test-kit.ts';

// Spec 14 §4, 03 §11: rates of principals.

const LIMITED = {
  limits: [
    { principal: 'slow', rate: { milliQps: 500, capacity: 2 } },
    { principal: 'free', rate: null },
  ],
  aggregateDefault: { milliQps: 1_000, capacity: 3 },
};

test('a bucket lets its capacity through at once, then its rate, and says when the next call is taken', () => {
  const limiter = new RateLimiter(LIMITED, micros(0));
  expect([0, 0, 0].map((at) => limiter.take(micros(at), 'slow'))).toEqual([null, null, 2 * SECOND]);
  expect(limiter.take(micros(2 * SECOND - 1), 'slow')).toBe(1);
  expect(limiter.take(micros(2 * SECOND), 'slow')).toBeNull();
  expect(limiter.take(micros(2 * SECOND), 'slow')).toBe(2 * SECOND);
});

test('those that are not listed share the aggregate, those listed without a rate are not limited', () => {
  const limiter = new RateLimiter(LIMITED, micros(0));
  for (const principal of ['a', 'b', null]) expect(limiter.take(micros(0), principal)).toBeNull();
  for (const principal of ['a', 'c', null]) expect(limiter.take(micros(0), principal)).toBe(SECOND);
  for (let time = 0; time < 100; time++) expect(limiter.take(micros(0), 'free')).toBeNull();
});

test('without an aggregate only those listed are limited', () => {
  const limiter = new RateLimiter({ ...LIMITED, aggregateDefault: null }, micros(0));
  for (let time = 0; time < 100; time++) expect(limiter.take(micros(0), 'a')).toBeNull();
});

test('no more passes in any stretch of time than capacity and rate allow, and what is told of the wait is exact', () => {
  const gaps = fc.array(fc.nat(3 * SECOND), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 9_000 }),
      fc.integer({ min: 1, max: 5 }),
      (steps, milliQps, capacity) => {
        const rate = { milliQps, capacity };
        const limiter = new RateLimiter({ limits: [], aggregateDefault: rate }, micros(0));
        const passed: number[] = [];
        let at = 0;
        for (const gap of steps) {
          at += gap;
          const wait = limiter.take(micros(at), null);
          if (wait === null) passed.push(at);
          else {
            // A microsecond earlier it would not have passed; then it does.
            if (wait > 1) expect(limiter.take(micros(at + wait - 1), null)).toBe(1);
            expect(limiter.take(micros(at + wait), null)).toBeNull();
            at += wait;
            passed.push(at);
          }
        }
        passed.forEach((start, from) => {
          for (let to = from; to < passed.length; to++) {
            const allowed = capacity + ((passed[to]! - start) * milliQps) / 1e9;
            expect(to - from + 1).toBeLessThanOrEqual(allowed + 1e-9);
          }
        });
      },
    ),
  );
});

test('a call beyond the rate is refused with 429 and when to retry, and changes nothing', () => {
  const driver = new MasterDriver({ options: { rateLimits: LIMITED, frameworkMetrics: true } });
  const scheduler = driver.subscribe({ principal: 'slow' });
  const call = { type: 'SUPPRESS', frameworkId: scheduler.id, roles: [] } as const;
  expect(words(driver.call(scheduler.stream, call))).toEqual([]);
  const before = stateDigest(driver);
  expect(driver.call(scheduler.stream, { ...call, type: 'REVIVE' })).toMatchObject([
    { kind: 'refuseCall', error: { code: 'RATE_LIMITED', principal: 'slow', retryAfter: 2 * SECOND } },
  ]);
  expect(stateDigest(driver)).toBe(before);
  driver.wait(2 * SECOND);
  expect(words(driver.call(scheduler.stream, { ...call, type: 'REVIVE' }))).not.toContain(
    'refused RATE_LIMITED',
  );
  expect(driver.machine.state.principals.get('slow')).toEqual({ messagesReceived: 4, messagesProcessed: 3 });
  expect(driver.machine.state.counters.droppedMessages).toBe(1);
});

test('a subscription beyond the rate is refused before its stream opens', () => {
  const driver = new MasterDriver({ options: { rateLimits: LIMITED } });
  for (let time = 0; time < 3; time++) driver.subscribe();
  expect(words(driver.trySubscribe(frameworkInfo()).outputs)).toEqual([
    'refused RATE_LIMITED',
    'closeStream',
  ]);
});
