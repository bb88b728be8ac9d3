import { assert, type Micros, MICROS_PER_SECOND, micros, milli, Rng } from '../../../engine/core/index.ts';
import type { MasterOptions } from '../../../engine/master/index.ts';
import { DEFAULT_MASTER_OPTIONS } from '../../../engine/master/index.ts';
import { type AgentSettings, DEFAULT_AGENT_SETTINGS } from '../../../engine/agent/index.ts';
import type { QuotaConfig } from '../../../engine/protocol/index.ts';
import { Quantities, ResourceLimits, Resources } from '../../../engine/resources/index.ts';
import type { MachineSpec } from '../../../engine/workload/index.ts';
import type { ChaosOptions } from '../../../frameworks/chaos/index.ts';
import { DEFAULT_ALLOCATOR_OPTIONS } from '../world/simulation-options.ts';
import { drawFramework } from './draw-framework.ts';
import { drawMachines } from './draw-machines.ts';
import { chance, mostlySmall, oneOf, secondsBetween } from './draws.ts';

/** Names of the roles that frameworks and quotas use: a tree of two levels. */
export const ROLES: readonly string[] = ['a', 'b', 'a/x', 'a/y', 'b/z', 'c', '*'];

/** How large a scenario may be; `bench` fixes what is left open by a draw otherwise. */
export interface ScenarioSize {
  readonly masters: number;
  readonly machines: number;
  readonly frameworks: number;
  readonly horizon: Micros;
}

/** Everything about a run but its faults: a function of the seed, and of the size if that is given. */
export interface Scenario {
  readonly seed: number;
  readonly masters: number;
  readonly machines: readonly MachineSpec[];
  readonly frameworks: readonly ChaosOptions[];
  readonly weights: readonly { readonly role: string; readonly weight: number }[];
  readonly quotas: readonly QuotaConfig[];
  readonly master: MasterOptions;
  readonly agent: AgentSettings;
  readonly allocator: typeof DEFAULT_ALLOCATOR_OPTIONS;
  /** Faults strike, operators act and frameworks run wild until then. */
  readonly horizon: Micros;
  /** How often faults of all kinds come, as a multiple of `HUNT_FAULTS`. */
  readonly trouble: number;
  /** All frameworks are alike: what they are offered can be compared. */
  readonly isUniform: boolean;
}

/** Draws a scenario. */
export function drawScenario(seed: number, size: ScenarioSize | null): Scenario {
  const rng = Rng.forPurpose(seed, 'scenario');
  const drawn = {
    masters: 1 + rng.below(5),
    machines: mostlySmall(rng, 3, 50),
    frameworks: mostlySmall(rng, 1, 10),
    horizon: secondsBetween(rng, 120, 1_800),
  };
  const { masters, machines, frameworks, horizon } = size ?? drawn;
  const isUniform = chance(rng, 25);
  const home = !isUniform && chance(rng, 20) ? { region: 'here', zone: 'z1' } : null;
  const machineSpecs = drawMachines(
    Rng.forPurpose(seed, 'machines'),
    machines,
    ROLES,
    isUniform,
    home !== null,
  );
  const hasOddRoles = !isUniform || chance(rng, 50);
  const chaos: ChaosOptions[] = [];
  for (let index = 0; index < frameworks; index++) {
    const own = Rng.forPurpose(seed, isUniform ? 'framework' : `framework.${index}`);
    chaos.push(drawFramework(own, index, { seed, roles: ROLES, horizon, isUniform, machines: machineSpecs }));
  }
  const timing = Rng.forPurpose(seed, 'timing');
  const remaindersAtOnce = chance(Rng.forPurpose(seed, 'remainders'), 50);
  return {
    seed,
    masters,
    machines: machineSpecs,
    frameworks: chaos,
    weights: hasOddRoles && chance(rng, 40) ? drawWeights(rng) : [],
    quotas: hasOddRoles && chance(rng, 40) ? drawQuotas(rng, machineSpecs) : [],
    master: {
      ...drawMaster(timing),
      remaindersAtOnce,
      address: { ...DEFAULT_MASTER_OPTIONS.address, domain: home },
    },
    agent: drawAgent(timing),
    allocator: { ...drawAllocator(timing), domain: home },
    horizon,
    trouble: oneOf(rng, [0.25, 0.5, 1, 1, 2, 4]),
    isUniform,
  };
}

function drawWeights(rng: Rng): { role: string; weight: number }[] {
  return ROLES.filter(() => chance(rng, 40)).map((role) => ({ role, weight: oneOf(rng, [0.5, 2, 3.7]) }));
}

/** Quotas of top-level roles that the cluster can meet, now and then in an odd proportion. */
function drawQuotas(rng: Rng, machines: readonly MachineSpec[]): QuotaConfig[] {
  let total = Resources.EMPTY;
  for (const { resources } of machines) total = total.plus(resources.unreserved());
  const quotas: QuotaConfig[] = [];
  for (const role of ['a', 'b', 'c']) {
    if (!chance(rng, 50)) continue;
    const part = (amount: number, percent: number) => milli(Math.floor((amount * percent) / 100));
    const guarantees = Quantities.of([
      ['cpus', part(total.cpus, rng.below(30))],
      ['mem', part(total.mem, rng.below(30))],
    ]);
    const hasLimit = chance(rng, 60);
    const limits = hasLimit
      ? ResourceLimits.of([
          ['cpus', milli(guarantees.get('cpus') + part(total.cpus, 5 + rng.below(40)))],
          ['mem', milli(guarantees.get('mem') + part(total.mem, 5 + rng.below(40)))],
        ])
      : ResourceLimits.UNLIMITED;
    if (guarantees.isEmpty && !hasLimit) continue;
    quotas.push({ role, guarantees, limits });
  }
  return quotas;
}

function drawMaster(rng: Rng): MasterOptions {
  return {
    ...DEFAULT_MASTER_OPTIONS,
    agentPingTimeout: secondsBetween(rng, 5, 15),
    maxAgentPingTimeouts: 2 + rng.below(4),
    agentReregisterTimeout: secondsBetween(rng, 30, 300),
    heartbeatInterval: oneOf(rng, [null, secondsBetween(rng, 15, 60)]),
    offerTimeout: oneOf(rng, [null, secondsBetween(rng, 5, 120)]),
    maxCompletedFrameworks: oneOf(rng, [50, 3]),
    maxUnreachableTasksPerFramework: oneOf(rng, [1_000, 1_000, 5]),
    history: oneOf(rng, ['none', 'none', 'none', 'full'] as const),
    maxCompletedTasksPerFramework: 10,
    taskTimelineEntries: 4,
    authorization: chance(rng, 40),
    recoveredFrameworkGrace: secondsBetween(rng, 30, 120),
    agentRemovalRateLimit: chance(rng, 20) ? { agents: 1, period: secondsBetween(rng, 1, 20) } : null,
    drainCancel: chance(rng, 50),
    drainLimit: chance(rng, 30)
      ? { unavailableTasksMax: 1 + rng.below(3), replacementTimeout: secondsBetween(rng, 10, 60) }
      : null,
    frameworkUndoWindow: chance(rng, 15) ? secondsBetween(rng, 10, 60) : null,
  };
}

function drawAgent(rng: Rng): AgentSettings {
  return {
    ...DEFAULT_AGENT_SETTINGS,
    registrationBackoffMax: secondsBetween(rng, 5, 60),
    statusUpdateRetry: secondsBetween(rng, 2, 10),
    statusUpdateRetryMax: secondsBetween(rng, 20, 60),
    sendTaskStarting: chance(rng, 80),
  };
}

function drawAllocator(rng: Rng): typeof DEFAULT_ALLOCATOR_OPTIONS {
  const allocationInterval = oneOf(rng, [1, 1, 2, 5]) * MICROS_PER_SECOND;
  assert(allocationInterval > 0, 'ticks are apart');
  return {
    ...DEFAULT_ALLOCATOR_OPTIONS,
    allocationInterval: micros(allocationInterval),
    timing: oneOf(rng, ['event', 'mesos'] as const),
    declinerGuard: chance(rng, 70),
    recoveryTimeout: secondsBetween(rng, 30, 120),
    roleSorter: oneOf(rng, ['drf', 'drf', 'drf', 'random'] as const),
    frameworkSorter: oneOf(rng, ['drf', 'drf', 'drf', 'random'] as const),
  };
}
