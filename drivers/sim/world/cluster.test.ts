import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { type Micros, micros } from '../../../engine/core/index.ts';
import { DEFAULT_MASTER_OPTIONS, type MasterOutput } from '../../../engine/master/index.ts';
import { FAULT_KINDS, type FaultKind, FaultPlan, type PlannedFault } from '../faults/index.ts';
import {
  clusterOptions,
  faultsFor,
  MINUTE,
  runChecked,
  type SteadyCluster,
  steadyCluster,
  Struck,
} from './cluster-test-kit.ts';
import { DEFAULT_ENSEMBLE_OPTIONS, DEFAULT_STORE_OPTIONS } from './ensemble-options.ts';
import type { Actor } from './output-tap.ts';
import { settlingBound } from './settling-bound.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { SECOND } from './test-kit.ts';

const everything = (rate: number): Partial<Record<FaultKind, number>> =>
  Object.fromEntries(FAULT_KINDS.map((kind) => [kind, rate]));

/** To rest, with the promise that the bound makes. */
function settle(cluster: SteadyCluster, options: SimulationOptions): void {
  runChecked(cluster, options.faults!.healsBy! + settlingBound(options), 512);
  cluster.checkSettled();
}

describe('five masters without faults', () => {
  test('have one leader, the first elected, and the others wait', () => {
    const options = clusterOptions(1, hierarchicalDrf);
    const cluster = steadyCluster(options);
    runChecked(cluster, 5 * MINUTE);
    expect(cluster.masters.hosts.map(({ machine }) => machine!.isLeading)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(cluster.masters.registry.epoch).toBe(1);
    for (let number = 0; number < 3; number++) {
      expect(cluster.schedulers.framework(number).store.live.size).toBeGreaterThan(0);
    }
  });

  test('come to rest within the bound once frameworks want nothing any more', () => {
    const options = clusterOptions(2, hierarchicalDrf, { faults: faultsFor(5, {}) });
    settle(steadyCluster(options), options);
  });
});

/** What a kind needs beside it to have something to strike: writes for the registry, elections for detectors. */
const COMPANIONS: { readonly [Kind in FaultKind]?: Partial<Record<FaultKind, number>> } = {
  lostAcknowledgement: { agentWipe: 120 },
  tornBatch: { agentWipe: 900 },
  staleDetector: { masterRestart: 30 },
};

/** Small transactions that take their time: batches of several are common, and can be cut. */
const STORE = { ...DEFAULT_STORE_OPTIONS, writeLatency: micros(SECOND), operationsPerTransaction: 1 };

test.each(FAULT_KINDS.map((kind) => [kind]))('%s strikes, and the cluster comes to rest after it', (kind) => {
  const struck = new Struck();
  const options = clusterOptions(7, hierarchicalDrf, {
    faults: faultsFor(6, { ...COMPANIONS[kind], [kind]: 120 }),
    ensemble: { ...DEFAULT_ENSEMBLE_OPTIONS, store: STORE },
    master: { ...DEFAULT_MASTER_OPTIONS, authorization: kind.startsWith('authorizer') },
    observer: struck,
  });
  const cluster = steadyCluster(options);
  settle(cluster, options);
  expect(struck.ofKind(kind).length).toBeGreaterThan(0);
  for (const { at, until } of struck.faults) {
    expect(at).toBeLessThanOrEqual(options.faults!.healsBy!);
    if (until !== null) expect(until).toBeLessThanOrEqual(options.faults!.healsBy!);
  }
});

test('all kinds at once, whatever the seed: books agree throughout, one writer per epoch, rest within the bound', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const options = clusterOptions(seed, hierarchicalDrf, {
        faults: faultsFor(10, everything(12)),
        master: { ...DEFAULT_MASTER_OPTIONS, authorization: seed % 2 === 0 },
      });
      settle(steadyCluster(options), options);
    }),
    { numRuns: 8 },
  );
});

describe('two masters who both believe that they lead', () => {
  /** A leader stands still past its lease; another leads; the first goes on. */
  function split(): { cluster: SteadyCluster; orders: { at: Micros; master: number }[]; old: number } {
    const orders: { at: Micros; master: number }[] = [];
    const options = clusterOptions(3, hierarchicalDrf, {
      tap: {
        output: (now: Micros, actor: Actor, output) => {
          if (actor.kind !== 'master') return;
          const { kind } = output as MasterOutput;
          if (kind === 'toAgent' || kind === 'event') orders.push({ at: now, master: actor.master });
        },
      },
    });
    const cluster = steadyCluster(options);
    runChecked(cluster, MINUTE);
    const old = cluster.masters.coordination.leader;
    cluster.masters.freeze(cluster.now, old, micros(40 * SECOND));
    cluster.agents.masterFell(cluster.now, old);
    runChecked(cluster, MINUTE + 39 * SECOND);
    return { cluster, orders, old };
  }

  test('exist: the old one has not heard that another leads', () => {
    const { cluster, old } = split();
    expect(cluster.masters.coordination.leader).not.toBe(old);
    expect(cluster.masters.hosts[old]!.machine!.isLeading).toBe(true);
    expect(cluster.masters.machine!.isLeading).toBe(true);
    expect(cluster.masters.machine!.epoch).toBeGreaterThan(cluster.masters.hosts[old]!.epoch);
  });

  test('are sorted out: the old one ends, and no agent or framework is lost', () => {
    const { cluster, old } = split();
    const before = cluster.masters.registry.snapshot().admitted.size;
    runChecked(cluster, 3 * MINUTE);
    expect(cluster.masters.coordination.leader).not.toBe(old);
    expect(cluster.masters.hosts[old]!.machine?.isLeading ?? false).toBe(false);
    expect(cluster.masters.registry.snapshot().admitted.size).toBe(before);
    expect(cluster.masters.machine!.stats.agentsConnected).toBe(cluster.agents.count);
  });

  test('do not both move agents: none is connected to the old one when it goes on', () => {
    const { cluster, old } = split();
    for (let machine = 0; machine < cluster.agents.count; machine++) {
      const connection = cluster.world.network.connectionOf(machine);
      expect(cluster.world.network.masterOf(connection)).not.toBe(old);
    }
  });
});

test('a party that believes in a master that does not lead is turned away and sent on to the one that does', () => {
  const cluster = steadyCluster(clusterOptions(4, hierarchicalDrf));
  runChecked(cluster, MINUTE);
  const { masters, world } = cluster;
  const { leader } = masters.coordination;
  const standby = (leader + 1) % masters.hosts.length;
  const machine = 2;
  masters.etcd!.detector.redirected(machine, standby);
  world.network.halfOpen(world.now, world.network.connectionOf(machine));
  let wasAtStandby = false;
  const end = world.now + 30 * SECOND;
  while (cluster.nextTime <= end) {
    cluster.advanceOne();
    const connection = world.network.connectionOf(machine);
    if (connection !== 0 && world.network.masterOf(connection) === standby) wasAtStandby = true;
  }
  expect(wasAtStandby).toBe(true);
  expect(masters.leaderFor(machine)).toBe(leader);
  expect(world.network.masterOf(world.network.connectionOf(machine))).toBe(leader);
  expect(cluster.agents.agent(machine)!.isRegistered).toBe(true);
});

describe('a run', () => {
  const options = (fields: Partial<SimulationOptions> = {}): SimulationOptions =>
    clusterOptions(11, hierarchicalDrf, { faults: faultsFor(8, everything(20)), ...fields });
  const hashOf = (of: SimulationOptions, piece: number): string => {
    const cluster = steadyCluster(of);
    for (let until = piece; until < 15 * MINUTE; until += piece) cluster.advanceTo(micros(until));
    cluster.advanceTo(micros(15 * MINUTE));
    return cluster.hash();
  };

  test('is a function of its options: whole or in pieces, looked at or not', () => {
    const whole = hashOf(options(), 15 * MINUTE);
    expect(hashOf(options(), 7 * SECOND)).toBe(whole);
    let inputs = 0;
    const inputTap = { input: () => inputs++ };
    expect(hashOf(options({ inputTap, observer: new Struck() }), 15 * MINUTE)).toBe(whole);
    expect(inputs).toBeGreaterThan(1_000);
    expect(hashOf({ ...options(), seed: 12 }, 15 * MINUTE)).not.toBe(whole);
  });

  test('with all faults of its plan kept by number is the run', () => {
    const { faults } = options();
    // Numbers are the same for every seed where rates are whole: they count what is drawn.
    const all = new FaultPlan(1, { ...faults!, until: null }, 6, 5).window(0).map(({ index }) => index);
    expect(hashOf(options({ faults: { ...faults!, keep: all } }), MINUTE)).toBe(hashOf(options(), MINUTE));
  });

  test('without faults kept is the run without faults', () => {
    const none = { ...options().faults!, keep: [] };
    const without = faultsFor(8, {});
    expect(hashOf(options({ faults: none }), MINUTE)).toBe(hashOf(options({ faults: without }), MINUTE));
  });
});

test('a fault that is left out of a plan changes nothing about the others', () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.nat(60), { maxLength: 20 }), (seed, kept) => {
      const faults = faultsFor(60, everything(2));
      const of = (keep: readonly number[] | null): readonly PlannedFault[] =>
        new FaultPlan(seed, { ...faults, keep }, 10, 5).window(0);
      expect(of(kept)).toEqual(of(null).filter(({ index }) => kept.includes(index)));
    }),
  );
});

test('leases that rest between disturbances change nothing of a run but the number of its events', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const options = clusterOptions(seed, hierarchicalDrf, { faults: faultsFor(20, everything(6)) });
      const eventful = { ...options, ensemble: { ...DEFAULT_ENSEMBLE_OPTIONS, leasesRest: false } };
      const [resting, awake] = [steadyCluster(options), steadyCluster(eventful)];
      for (const cluster of [resting, awake]) cluster.advanceTo(micros(30 * MINUTE));
      expect(resting.hash()).toBe(awake.hash());
      expect(resting.masters.steps).toBe(awake.masters.steps);
      expect(resting.events).toBeLessThan(awake.events);
    }),
    { numRuns: 5 },
  );
});
