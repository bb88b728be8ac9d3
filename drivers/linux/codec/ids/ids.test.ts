import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AgentId,
  type FrameworkId,
  type MasterEpoch,
  mintAgentId,
  mintFrameworkId,
  type OfferId,
  type UpdateId,
} from '../../../../engine/core/index.ts';
import { idFault } from './id-fault.ts';
import { clusterIdFrom, IdTexts, isForeign } from './id-texts.ts';
import { TextTable } from './text-table.ts';
import { UNKNOWN_UPDATE, updateOfUuid, updateUuid } from './update-uuid.ts';

const CLUSTER = clusterIdFrom(new Uint8Array(12).fill(0x5a));
const epoch = fc.integer({ min: 1, max: 2 ** 26 - 1 }) as fc.Arbitrary<MasterEpoch>;
const count = fc.nat(2 ** 21 - 1);

test('ids that a master mints are read back from their text by any process of the cluster', () => {
  fc.assert(
    fc.property(epoch, count, (master, n) => {
      const ids = new IdTexts(CLUSTER);
      const agent = mintAgentId(master, n);
      const framework = mintFrameworkId(master, n);
      expect(ids.agentText(agent)).toBe(`${ids.masterText(master)}-S${n}`);
      expect(ids.frameworkText(framework)).toBe(`${ids.masterText(master)}-${String(n).padStart(4, '0')}`);
      // One that starts without knowing the cluster, as an agent does.
      const other = new IdTexts(null);
      expect(other.agent(ids.agentText(agent))).toBe(agent);
      expect(other.framework(ids.frameworkText(framework))).toBe(framework);
      expect(other.cluster).toBe(CLUSTER);
    }),
  );
});

test('a text that no master of the cluster wrote is never an id of it, and is told back as it came', () => {
  const ids = new IdTexts(CLUSTER);
  const known = ids.agentText(mintAgentId(1 as MasterEpoch, 7));
  const near = fc.constantFrom(
    known.replace('-S7', '-S07'),
    known.replace('-S7', '-0007'),
    known.replace('5a5a', '5A5A'),
    `${known} `,
    known.replace('5a5a', '5a5b'),
    `${ids.masterText(1 as MasterEpoch)}-S9999999`,
    'ffffffff-ffff-ffff-ffff-ffffffffffff-S1',
  );
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => {
      const agent = ids.agent(text);
      expect(isForeign(agent)).toBe(true);
      expect(ids.agentText(agent)).toBe(text);
      expect(ids.agent(text)).toBe(agent);
    }),
  );
  const framework = ids.framework('another-0001');
  expect(isForeign(framework)).toBe(true);
  expect(ids.frameworkText(framework)).toBe('another-0001');
});

test('an offer’s text names it to its own master only', () => {
  const ids = new IdTexts(CLUSTER);
  fc.assert(
    fc.property(epoch, epoch, fc.nat(2 ** 45), fc.nat(9), (master, other, n, position) => {
      const text = ids.offerText(n as OfferId, master);
      expect(ids.offer(text, master, position)).toBe(n);
      if (other !== master) expect(ids.offer(text, other, position)).toBe(-1 - position);
      expect(ids.offer(text.replace('-O', '-O0'), master, position)).toBe(-1 - position);
    }),
  );
});

test('an update’s uuid names it on its own agent only', () => {
  const agent = fc.nat(2 ** 47) as fc.Arbitrary<AgentId>;
  fc.assert(
    fc.property(agent, agent, fc.maxSafeNat(), fc.uint8Array({ maxLength: 20 }), (mine, other, n, noise) => {
      const uuid = updateUuid(mine, n as UpdateId);
      expect(uuid).toHaveLength(16);
      expect(updateOfUuid(mine, uuid)).toBe(n);
      if (other !== mine) expect(updateOfUuid(other, uuid)).toBe(UNKNOWN_UPDATE);
      expect(updateOfUuid(mine, noise.subarray(0, 15))).toBe(UNKNOWN_UPDATE);
    }),
  );
});

test('a table keeps what is held, forgets what is not within two sweeps, and gives no number twice', () => {
  const text = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('name' as const), text }),
    fc.record({ kind: fc.constant('sweep' as const), held: fc.subarray(['a', 'b', 'c', 'd']) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = new TextTable();
      const numbers = new Map<string, number>();
      const given = new Set<number>();
      for (const one of steps) {
        if (one.kind === 'name') {
          const number = table.number(one.text);
          expect(table.text(number)).toBe(one.text);
          if (numbers.get(one.text) !== number) expect(given.has(number)).toBe(false);
          given.add(number);
          numbers.set(one.text, number);
          continue;
        }
        const held = one.held.filter((name) => numbers.has(name));
        const sizes: number[] = [];
        for (let sweep = 0; sweep < 2; sweep++) {
          table.sweep((keep) => {
            for (const name of held) keep(numbers.get(name)!);
          });
          sizes.push(table.size);
        }
        // What is held is still there under its number; after two sweeps nothing else is.
        for (const name of held) expect(table.number(name)).toBe(numbers.get(name));
        expect(table.size).toBe(held.length);
        for (const name of [...numbers.keys()]) if (!held.includes(name)) numbers.delete(name);
      }
    }),
  );
});

test('an id that a framework chose is refused for exactly the reasons of the rules', () => {
  for (const text of ['a', 'web.1', 'with space', 'ä', 'x'.repeat(255), '...'])
    expect(idFault(text)).toBeNull();
  for (const text of ['', '.', '..', 'a/b', 'a\\b', 'a\n', '\u007f', 'x'.repeat(256), 'ä'.repeat(128)]) {
    expect(idFault(text)).not.toBeNull();
  }
});

test('the ids of another cluster do not take a framework’s place', () => {
  const ids = new IdTexts(CLUSTER);
  const foreign = new IdTexts(clusterIdFrom(new Uint8Array(12).fill(1)));
  const framework: FrameworkId = mintFrameworkId(1 as MasterEpoch, 0);
  expect(ids.framework(foreign.frameworkText(framework))).not.toBe(framework);
});
