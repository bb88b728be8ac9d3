import { type Micros, MICROS_PER_SECOND, micros, Rng, secondsToMicros } from '../../../engine/core/index.ts';
import { DEFAULT_AGENT_SETTINGS } from '../../../engine/agent/index.ts';
import { DEFAULT_MASTER_OPTIONS } from '../../../engine/master/index.ts';
import type { ChaosOptions } from '../../../frameworks/chaos/index.ts';
import { DEFAULT_ALLOCATOR_OPTIONS } from '../world/simulation-options.ts';
import { drawMachines } from './draw-machines.ts';
import { ROLES, type Scenario, type ScenarioSize } from './scenario.ts';

/** Of the rates of `HUNT_FAULTS`: about ten faults an hour, of all kinds. */
const TROUBLE = 1 / 25;

/**
 * A cluster as it is on most days, for measuring: a few things an hour happen to each framework of its own will, and about ten faults an hour
 * strike. What is between them is time in which leases, pings and heartbeats are all that happens.
 *
 * Per framework: an own action every ten minutes on average (kill, reconcile, revive, suppress, update, a stale acknowledgement); each offer that
 * comes is taken with a probability of four in a hundred, for one to three tasks, half of them in custom executors or groups, one ACCEPT in five with
 * a reservation or volume operation before it; once it has answered what it was offered it suppresses its role until it revives. Everything else is as by default: heartbeats and pings
 * each 15 seconds, leases kept alive each third of 10.
 */
export function steadyScenario(seed: number, size: ScenarioSize): Scenario {
  const { masters, horizon } = size;
  const frameworks: ChaosOptions[] = [];
  for (let index = 0; index < size.frameworks; index++)
    frameworks.push(steadyFramework(seed, index, horizon));
  return {
    seed,
    masters,
    machines: drawMachines(Rng.forPurpose(seed, 'machines'), size.machines, ROLES, false, false),
    frameworks,
    weights: [{ role: 'b', weight: 2 }],
    quotas: [],
    master: { ...DEFAULT_MASTER_OPTIONS, authorization: true },
    agent: DEFAULT_AGENT_SETTINGS,
    allocator: { ...DEFAULT_ALLOCATOR_OPTIONS, recoveryTimeout: micros(60 * MICROS_PER_SECOND) },
    horizon,
    trouble: TROUBLE,
    isUniform: false,
  };
}

function steadyFramework(seed: number, index: number, calmAt: Micros): ChaosOptions {
  return {
    info: {
      user: 'steady',
      name: `f${index}`,
      id: null,
      failoverTimeout: 604_800,
      checkpoint: true,
      role: null,
      roles: [ROLES[index % ROLES.length]!],
      hostname: 'localhost',
      principal: null,
      webuiUrl: null,
      capabilities: ['MULTI_ROLE', 'PARTITION_AWARE', 'RESERVATION_REFINEMENT', 'TASK_KILLING_STATE'],
      labels: null,
      offerFilters: new Map(),
    },
    seed: (seed * 31 + index * 7_919) | 0,
    calmAt,
    leavesAt: null,
    temper: {
      actionInterval: secondsToMicros(600),
      launchPercent: 4,
      hoardPercent: 0,
      customPercent: 25,
      groupPercent: 25,
      operationPercent: 20,
      invalidPercent: 1,
      killAtOncePercent: 1,
      reusePercent: 0,
      lateAckPercent: 5,
      lateness: secondsToMicros(30),
      oddFilterPercent: 0,
      refuseSeconds: 3_600,
      suppressesAtOnce: true,
      repeats: 1,
      tasksMax: 20,
      runMin: secondsToMicros(5),
      runMax: secondsToMicros(1_200),
      teardownPercent: 0,
    },
    offerConstraints: null,
    suppressedRoles: [],
    subscribeWait: secondsToMicros(15),
    heartbeatsMissedMax: 5,
  };
}
