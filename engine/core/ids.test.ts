import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  agentIdText,
  frameworkIdText,
  frameworkTieRank,
  idParts,
  type MasterEpoch,
  mintAgentId,
  mintFrameworkId,
} from './index.ts';

const epoch = (value: number) => value as MasterEpoch;

test('an id tells its master and its number', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.integer({ min: 0, max: 2 ** 21 - 1 }),
      (master, n) => {
        const id = mintAgentId(epoch(master), n);
        expect(Number.isSafeInteger(id)).toBe(true);
        expect(idParts(id)).toEqual({ epoch: master, n });
      },
    ),
  );
});

test('two masters never mint one id', () => {
  expect(mintAgentId(epoch(1), 2 ** 21 - 1)).toBeLessThan(mintAgentId(epoch(2), 0));
});

test('a master that minted all its ids stops rather than reuse one', () => {
  expect(() => mintFrameworkId(epoch(1), 2 ** 21)).toThrow('at most');
});

test('frameworks with equal shares go in the order of their id texts, those of an earlier master first', () => {
  const master = (value: MasterEpoch) => `m${String(value).padStart(10, '0')}`;
  const counter = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 21 - 1 }),
    fc.constantFrom(0, 999, 1_000, 1_001, 9_999, 10_000, 10_001, 99_999, 100_000, 1_000_000, 2 ** 21 - 1),
  );
  const framework = fc
    .tuple(fc.constantFrom(1, 2, 2 ** 26 - 1), counter)
    .map(([of, n]) => mintFrameworkId(epoch(of), n));
  fc.assert(
    fc.property(framework, framework, (a, b) => {
      const byText = Number(frameworkIdText(a, master) > frameworkIdText(b, master));
      expect(Number(frameworkTieRank(a) > frameworkTieRank(b))).toBe(byText);
    }),
  );
});

test('texts are those of Mesos', () => {
  const master = (value: MasterEpoch) => `m${value}`;
  expect(agentIdText(mintAgentId(epoch(3), 12), master)).toBe('m3-S12');
  expect(frameworkIdText(mintFrameworkId(epoch(3), 7), master)).toBe('m3-0007');
  expect(frameworkIdText(mintFrameworkId(epoch(3), 12345), master)).toBe('m3-12345');
});
