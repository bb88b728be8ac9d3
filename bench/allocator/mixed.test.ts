import { describe, expect, test } from 'vitest';
import { UPSTREAM_MIX, w8 } from './mixed.ts';

describe('mixed frameworks that return what they cannot use', () => {
  const shape = { ...UPSTREAM_MIX, idleRounds: 600 };

  test('come to a standstill at 5,132 of 19,500 tasks under the rules of Mesos', () => {
    expect(w8(shape, 'mesos')[0]!.more).toMatchObject({ launched: 5_132, target: 19_500 });
  });

  test('launch all 19,500 tasks when decliners are guarded against', () => {
    expect(w8(shape, 'event')[0]!.more).toMatchObject({ launched: 19_500, target: 19_500 });
  });
});
