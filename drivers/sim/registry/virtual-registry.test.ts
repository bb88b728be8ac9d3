import { expect, test } from 'vitest';
import { type MasterEpoch, micros } from '../../../engine/core/index.ts';
import type { RegistryOperation } from '../../../engine/registry/index.ts';
import { Agenda, REGISTRY_TIMEOUT, REGISTRY_WRITTEN } from '../agenda/index.ts';
import { DEFAULT_REGISTRY_OPTIONS, VirtualRegistry } from './virtual-registry.ts';

const weight = (role: string): RegistryOperation => ({
  kind: 'weightsUpdated',
  weightInfos: [{ role, weight: 2 }],
});
const rolesOf = (registry: VirtualRegistry<null>): string[] => [...registry.state.snapshot().weights.keys()];

test('what comes while a write is in flight waits and is written together, in order', () => {
  const agenda = new Agenda<null>();
  const registry = new VirtualRegistry(agenda, DEFAULT_REGISTRY_OPTIONS);
  registry.persist(1, weight('a'));
  registry.flush(micros(0), 1);
  registry.persist(2, weight('b'));
  registry.persist(3, weight('c'));
  registry.flush(micros(10), 1);
  expect(agenda.size).toBe(1);
  agenda.pop();
  expect([agenda.kind, agenda.time]).toEqual([REGISTRY_WRITTEN, DEFAULT_REGISTRY_OPTIONS.writeLatency]);
  expect(registry.written()).toBe(1);
  expect(rolesOf(registry)).toEqual(['a']);
  registry.flush(micros(agenda.time), 1);
  agenda.pop();
  expect(registry.written()).toBe(3);
  expect(rolesOf(registry)).toEqual(['a', 'b', 'c']);
});

test.each([
  [0, []],
  [1, ['a']],
  [2, ['a', 'b']],
  [3, []],
])('of two writes not yet durable, a crash with draw %i leaves %j', (pick, surviving) => {
  const registry = new VirtualRegistry(new Agenda<null>(), DEFAULT_REGISTRY_OPTIONS);
  registry.persist(1, weight('a'));
  registry.flush(micros(0), 1);
  registry.persist(2, weight('b'));
  registry.masterGone(pick);
  expect(rolesOf(registry)).toEqual(surviving);
  registry.persist(1, { kind: 'masterElected', epoch: 2 as MasterEpoch });
  registry.flush(micros(0), 2);
  expect(registry.written()).toBe(1);
  expect(registry.state.epoch).toBe(2);
});

test('a write that takes longer than the store’s timeout fails at the timeout', () => {
  const agenda = new Agenda<null>();
  const registry = new VirtualRegistry(agenda, DEFAULT_REGISTRY_OPTIONS);
  registry.setWriteLatency(micros(25_000_000));
  registry.persist(1, weight('a'));
  registry.flush(micros(0), 4);
  agenda.pop();
  expect([agenda.kind, agenda.time, agenda.detail]).toEqual([REGISTRY_TIMEOUT, 20_000_000, 4]);
});
