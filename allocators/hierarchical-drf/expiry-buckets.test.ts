import { expect, test } from 'vitest';
import { ExpiryBuckets } from './expiry-buckets.ts';

function firedBy(buckets: ExpiryBuckets, now: number, lateToo: boolean): string[] {
  const fired: string[] = [];
  while (buckets.isDue(now, lateToo)) buckets.fire((client, agent) => fired.push(`${client}/${agent}`));
  return fired;
}

test('buckets fire in order of their instants, and of one instant the late ones last', () => {
  const buckets = new ExpiryBuckets();
  buckets.add(buckets.at(30, false), 3, 0);
  buckets.add(buckets.at(20, true), 2, 1);
  buckets.add(buckets.at(20, false), 2, 0);
  buckets.add(buckets.at(10, false), 1, 0);
  expect(firedBy(buckets, 9, true)).toEqual([]);
  expect(firedBy(buckets, 20, false)).toEqual(['1/0', '2/0']);
  expect(firedBy(buckets, 20, true)).toEqual(['2/1']);
  expect(firedBy(buckets, 100, true)).toEqual(['3/0']);
  expect(buckets.size).toBe(0);
});

test('buckets emptied before their time leave nothing behind', () => {
  const buckets = new ExpiryBuckets();
  for (let instant = 0; instant < 10_000; instant++) {
    const bucket = buckets.at(1_000_000 + instant, false);
    buckets.add(bucket, 1, instant);
    buckets.cancel(bucket, () => false);
  }
  expect(buckets.size).toBeLessThan(200);
  expect(buckets.liveCount()).toBe(0);
});

test('a bucket whose filters come and go does not grow', () => {
  const buckets = new ExpiryBuckets();
  const bucket = buckets.at(5, false);
  buckets.add(bucket, 0, 0);
  for (let round = 0; round < 10_000; round++) {
    buckets.add(bucket, 1, 1);
    buckets.cancel(bucket, (client) => client === 0);
  }
  const fired = firedBy(buckets, 5, false);
  expect(fired).toContain('0/0');
  expect(fired.length).toBeLessThan(100);
});
