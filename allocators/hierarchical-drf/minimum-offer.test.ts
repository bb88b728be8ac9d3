import { describe, expect, test } from 'vitest';
import { Resources } from '../../engine/resources/index.ts';
import { MinimumOffer } from './minimum-offer.ts';
import { quantities, resources } from './test-world.ts';

describe('the minimum offer', () => {
  const standard = new MinimumOffer([quantities('cpus:0.01'), quantities('mem:32')]);

  test.each([
    ['cpus:0.01', true],
    ['mem:32', true],
    ['cpus:0.009;mem:31.999;disk:5000', false],
    ['cpus(a):0.005;cpus:0.005', true],
  ])('by default lets %s pass: %s', (text, passes) => {
    expect(standard.passes(resources(text))).toBe(passes);
  });

  test('of one alternative wants all its names', () => {
    const minimum = new MinimumOffer([quantities('cpus:1;mem:100')]);
    expect(minimum.passes(resources('cpus:8;mem:99'))).toBe(false);
    expect(minimum.passes(resources('cpus:1;mem:100'))).toBe(true);
  });

  test('counts ranges by their integers and sets by their items', () => {
    const minimum = new MinimumOffer([quantities('ports:3'), quantities('zones:2')]);
    expect(minimum.passes(resources('ports:[1-2]'))).toBe(false);
    expect(minimum.passes(resources('ports:[1-2,9-9]'))).toBe(true);
    expect(minimum.passes(resources('zones:{a,b}'))).toBe(true);
  });

  test('without alternatives lets anything pass but nothing', () => {
    const minimum = new MinimumOffer([]);
    expect(minimum.passes(resources('disk:0.001'))).toBe(true);
    expect(minimum.passes(Resources.EMPTY)).toBe(false);
  });
});
