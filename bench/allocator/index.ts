import type { BenchCase, Benchmark } from '../bench-case.ts';
import { w1 } from './adding.ts';
import type { AllocatorRow } from './allocator-row.ts';
import {
  w2AllDeclined,
  w2Compared,
  w2FirstRounds,
  w2WholeRun,
  w3AllDeclined,
  w3FirstRounds,
} from './declining.ts';
import { memory } from './memory.ts';
import { UPSTREAM_MIX, w8 } from './mixed.ts';
import { w9 } from './operating.ts';
import { w4LargeAndSmall, w4QuotaOrNot } from './quota.ts';
import { growthOf, w7, w7Dirty } from './roles.ts';
import { w6MostSuppressed, w6ReviveAll, w6Suppress } from './suppressing.ts';
import { w5 } from './volumes.ts';

const RUNS = 5;

function one(name: string, run: () => AllocatorRow[], runs = RUNS): BenchCase<AllocatorRow> {
  return { name: `allocator/${name}`, runs, run: () => Promise.resolve(run()) };
}

/** A case for each of these sizes. */
function sized(
  name: string,
  sizes: readonly (readonly [agents: number, frameworks: number])[],
  run: (agents: number, frameworks: number) => AllocatorRow[],
  runs = RUNS,
): BenchCase<AllocatorRow>[] {
  return sizes.map(([agents, frameworks]) =>
    one(`${name}-${agents}x${frameworks}`, () => run(agents, frameworks), runs),
  );
}

const BIG_ROLES = { agents: 10_000, frameworks: 1_000, roles: 1_000, nested: false };

/** The workloads that Mesos's allocator was measured with, and how cost grows. */
export const allocator: Benchmark<AllocatorRow> = {
  name: 'allocator',
  title: 'cycles of the allocator: workloads W1 to W9, growth, memory',
  cases: [
    ...sized(
      'w1',
      [
        [1_000, 1_000],
        [10_000, 200],
        [10_000, 1_000],
        [20_000, 1_000],
      ],
      w1,
    ),
    ...sized(
      'w2-first',
      [
        [1_000, 1_000],
        [10_000, 200],
        [10_000, 1_000],
        [20_000, 1_000],
      ],
      w2FirstRounds,
    ),
    ...sized(
      'w2-declined',
      [
        [1_000, 1],
        [10_000, 100],
        [1_000, 1_000],
      ],
      w2AllDeclined,
    ),
    ...sized('w2-declined', [[10_000, 1_000]], w2AllDeclined, 2),
    ...sized(
      'w2-whole',
      [
        [1_000, 50],
        [1_000, 100],
        [10_000, 50],
      ],
      w2WholeRun,
    ),
    ...sized('w2-whole', [[10_000, 1_000]], w2WholeRun, 2),
    ...sized(
      'w3-first',
      [
        [10_000, 50],
        [10_000, 200],
      ],
      w3FirstRounds,
    ),
    ...sized(
      'w3-declined',
      [
        [1_000, 50],
        [1_000, 200],
      ],
      w3AllDeclined,
    ),
    one('w4a-25+5', () => w4LargeAndSmall(25, 5)),
    one('w4a-250+50', () => w4LargeAndSmall(250, 50)),
    one('w4a-2500+500', () => w4LargeAndSmall(2_500, 500)),
    ...[10, 100, 1_000].flatMap((roles) => [
      one(`w4b-${roles}`, () => w4QuotaOrNot(roles, false)),
      one(`w4b-${roles}-quota`, () => w4QuotaOrNot(roles, true)),
    ]),
    ...(['regular', 'shared', 'mixed'] as const).flatMap((kind) =>
      sized(
        `w5-${kind}`,
        [
          [1_000, 1_000],
          [10_000, 200],
          [10_000, 1_000],
        ],
        (agents, frameworks) => w5(agents, frameworks, kind),
      ),
    ),
    ...sized(
      'w6-suppress',
      [
        [1_000, 1_000],
        [10_000, 1_000],
      ],
      w6Suppress,
    ),
    ...sized(
      'w6-most',
      [
        [1_000, 1_000],
        [10_000, 1_000],
      ],
      w6MostSuppressed,
    ),
    ...sized(
      'w6-revive',
      [
        [1_000, 1_000],
        [10_000, 1_000],
      ],
      w6ReviveAll,
    ),
    one('w7-10000x100x10', () => w7({ agents: 10_000, frameworks: 100, roles: 10, nested: false })),
    one('w7-10000x1000x100', () => w7({ ...BIG_ROLES, roles: 100 })),
    one('w7-10000x1000x100-nested', () => w7({ ...BIG_ROLES, roles: 100, nested: true })),
    one('w7-10000x1000x1000', () => w7(BIG_ROLES)),
    one('w8', () => w8(UPSTREAM_MIX, 'mesos'), 2),
    one('w8-guarded', () => w8(UPSTREAM_MIX, 'event'), 2),
    ...[50, 100, 200].map((roles) => one(`w9-${roles}`, () => w9(roles))),
    ...[1, 10, 100].map((percent) => one(`growth-returned-${percent}`, () => w7Dirty(BIG_ROLES, percent))),
    ...(['same', 'equal'] as const).flatMap((values) =>
      [1, 10, 100].map((percent) =>
        one(`growth-${values}-${percent}`, () => w2Compared(10_000, 100, values, percent), 3),
      ),
    ),
    ...sized(
      'growth',
      [
        [10_000, 1],
        [10_000, 10],
        [10_000, 100],
        [10_000, 1_000],
        [10_000, 6_000],
      ],
      growthOf,
    ),
    ...sized(
      'growth',
      [
        [1_000, 1_000],
        [5_000, 1_000],
        [20_000, 1_000],
        [50_000, 1_000],
      ],
      growthOf,
    ),
    one('memory', () => memory(10_000, 1_000), 2),
  ],
};
