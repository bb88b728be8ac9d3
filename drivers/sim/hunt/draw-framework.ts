import { type Micros, micros, milli, type Rng, secondsToMicros } from '../../../engine/core/index.ts';
import type {
  AttributeConstraint,
  FrameworkCapability,
  FrameworkInfo,
  OfferConstraints,
} from '../../../engine/protocol/index.ts';
import { Quantities } from '../../../engine/resources/index.ts';
import type { MachineSpec } from '../../../engine/workload/index.ts';
import type { ChaosOptions, ChaosTemper } from '../../../frameworks/chaos/index.ts';
import { chance, mostlySmall, oneOf, secondsBetween, someOf } from './draws.ts';

export interface FrameworkFrame {
  readonly seed: number;
  readonly roles: readonly string[];
  readonly horizon: Micros;
  readonly isUniform: boolean;
  readonly machines: readonly MachineSpec[];
}

const OPTIONAL: readonly FrameworkCapability[] = [
  'TASK_KILLING_STATE',
  'GPU_RESOURCES',
  'REGION_AWARE',
  'REVOCABLE_RESOURCES',
  'SHARED_RESOURCES',
];

/** One framework. `rng` is its own stream; of uniform frameworks all have the same. */
export function drawFramework(rng: Rng, index: number, frame: FrameworkFrame): ChaosOptions {
  const info = drawInfo(rng, index, frame);
  const roles = info.capabilities.includes('MULTI_ROLE') ? info.roles : [info.role ?? '*'];
  const isPlain = frame.isUniform;
  return {
    info,
    seed: (frame.seed * 31 + index * 7_919) | 0,
    calmAt: frame.horizon,
    // Some stay away: nobody answers for their tasks any more.
    leavesAt: !isPlain && chance(rng, 10) ? micros(rng.below(frame.horizon)) : null,
    temper: drawTemper(rng),
    offerConstraints: !isPlain && chance(rng, 25) ? drawConstraints(rng, roles) : null,
    suppressedRoles: !isPlain && chance(rng, 15) ? someOf(rng, roles, 50) : [],
    subscribeWait: secondsToMicros(15),
    heartbeatsMissedMax: 5,
  };
}

function drawInfo(rng: Rng, index: number, frame: FrameworkFrame): FrameworkInfo {
  const capabilities: FrameworkCapability[] = someOf(rng, OPTIONAL, 35);
  if (chance(rng, 65)) capabilities.push('PARTITION_AWARE');
  if (chance(rng, 60)) capabilities.push('RESERVATION_REFINEMENT');
  const isMultiRole = chance(rng, 80);
  if (isMultiRole) capabilities.push('MULTI_ROLE');
  const first = oneOf(rng, frame.roles);
  // Likes compete for one role: then what each gets can be compared.
  const roles = frame.isUniform ? [first] : [...new Set([first, ...someOf(rng, frame.roles, 25)])];
  const minimum = Quantities.of([
    ['cpus', milli(500)],
    ['mem', milli(128_000)],
  ]);
  return {
    user: 'chaos',
    name: `f${index}`,
    id: null,
    failoverTimeout: oneOf(rng, [0, 10, 60, 604_800, 604_800]),
    checkpoint: chance(rng, 70),
    role: isMultiRole ? null : oneOf(rng, ['a', 'b', '*']),
    roles: isMultiRole ? roles : [],
    hostname: 'localhost',
    principal: null,
    webuiUrl: null,
    capabilities,
    labels: null,
    offerFilters:
      !frame.isUniform && isMultiRole && chance(rng, 15) ? new Map([[roles[0]!, [minimum]]]) : new Map(),
  };
}

function drawTemper(rng: Rng): ChaosTemper {
  return {
    actionInterval: secondsBetween(rng, 2, 60),
    launchPercent: oneOf(rng, [10, 30, 50, 80]),
    hoardPercent: oneOf(rng, [0, 10, 30]),
    customPercent: oneOf(rng, [0, 20, 50]),
    groupPercent: oneOf(rng, [0, 20, 50]),
    operationPercent: oneOf(rng, [0, 0, 20, 50]),
    invalidPercent: oneOf(rng, [0, 5, 20]),
    killAtOncePercent: oneOf(rng, [0, 5, 20]),
    reusePercent: oneOf(rng, [0, 0, 20]),
    lateAckPercent: oneOf(rng, [0, 10, 40]),
    lateness: secondsBetween(rng, 1, 120),
    oddFilterPercent: oneOf(rng, [0, 20, 60]),
    refuseSeconds: null,
    suppressesAtOnce: false,
    repeats: oneOf(rng, [1, 2, 5]),
    tasksMax: mostlySmall(rng, 2, 60),
    runMin: secondsBetween(rng, 0, 5),
    runMax: secondsBetween(rng, 10, 600),
    teardownPercent: oneOf(rng, [0, 0, 1]),
  };
}

function drawConstraints(rng: Rng, roles: readonly string[]): OfferConstraints | null {
  const roleConstraints = new Map<string, { groups: { attributeConstraints: AttributeConstraint[] }[] }>();
  for (const role of roles) {
    if (!chance(rng, 60)) continue;
    const groups = [];
    for (let count = 1 + rng.below(2); count > 0; count--) {
      const attributeConstraints = [drawConstraint(rng)];
      if (chance(rng, 40)) attributeConstraints.push(drawConstraint(rng));
      groups.push({ attributeConstraints });
    }
    roleConstraints.set(role, { groups });
  }
  return roleConstraints.size === 0 ? null : { roleConstraints };
}

function drawConstraint(rng: Rng): AttributeConstraint {
  const rack = { kind: 'attribute', name: 'rack' } as const;
  switch (rng.below(6)) {
    case 0:
      return { selector: rack, predicate: { kind: 'text_equals', value: oneOf(rng, ['r1', 'r2', 'r3']) } };
    case 1:
      return { selector: rack, predicate: { kind: 'text_not_equals', value: oneOf(rng, ['r1', 'r2']) } };
    case 2:
      return { selector: rack, predicate: { kind: 'text_matches', regex: 'r[12]' } };
    case 3:
      return {
        selector: { kind: 'attribute', name: 'ssd' },
        predicate: { kind: oneOf(rng, ['exists', 'not_exists'] as const) },
      };
    case 4:
      return {
        selector: { kind: 'pseudoattribute', type: 'HOSTNAME' },
        predicate: { kind: 'text_not_matches', regex: 'm[0-3]' },
      };
    default:
      return { selector: rack, predicate: { kind: 'exists' } };
  }
}
