import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AgentId, type FrameworkId, type Micros, milli, type OfferId } from '../../engine/core/index.ts';
import type { Offer } from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { PlacementConstraint } from '../../engine/workload/index.ts';
import { fifoOrder } from './job-queue.ts';
import type { Holding } from './offer-pool.ts';
import { RoleState } from './role-state.ts';
import { type Shape, shapeOf } from './shape.ts';
import { PlainMaster, scalars } from './testing/plain-master.ts';

const master = new PlainMaster();
const PLAIN_AGENT = master.addAgent(scalars(1, 1)).info;
const GPU_AGENT = master.addAgent(scalars(1, 1), [{ name: 'card', type: 'TEXT', text: 'V100' }]).info;

function shape(resources: Resources, constraints: readonly PlacementConstraint[] = []): Shape {
  return shapeOf({ count: 1, resources, duration: 1 as Micros, constraints });
}

function parse(text: string): Resources {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

function offer(id: number, agent: number, resources: Resources, hasCard = false): Offer {
  return {
    id: id as OfferId,
    frameworkId: 1 as FrameworkId,
    agentId: agent as AgentId,
    agent: hasCard ? GPU_AGENT : PLAIN_AGENT,
    role: 'batch',
    resources,
    unavailability: null,
    executorIds: [],
  };
}

function emptyPool() {
  return new RoleState('batch', fifoOrder, 1).pool;
}

const CARD: readonly PlacementConstraint[] = [
  { attribute: 'card', operator: 'IN', values: ['V100', 'A100'] },
];
const NO_CARD: readonly PlacementConstraint[] = [{ attribute: 'card', operator: 'NOT_IN', values: ['V100'] }];

const SHAPES: readonly Shape[] = [
  shape(scalars(1, 512)),
  shape(scalars(2, 512)),
  shape(scalars(3, 2_048)),
  shape(scalars(1, 0, 1)),
  shape(scalars(1, 512), CARD),
  shape(scalars(1, 512), NO_CARD),
  shape(parse('cpus:1;ports:[1-2]')),
  shape(parse('cpus(batch):1')),
  shape(parse('cpus(batch):2;mem(batch):1024')),
];

const OFFERED: readonly Resources[] = [
  scalars(1, 1_024),
  scalars(4, 4_096),
  scalars(2, 1_024, 2),
  parse('cpus:2;mem:600;ports:[1-4]'),
  parse('cpus:1;mem:600;cpus(batch):2'),
  parse('cpus(batch):4;mem(batch):4096'),
];

const addition = fc.record({
  kind: fc.constant('add' as const),
  agent: fc.nat(4),
  resources: fc.constantFrom(...OFFERED),
});
// Searches outnumber additions: each addition forgets what was found out before.
const command = fc.oneof(
  { weight: 1, arbitrary: addition },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat(20) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('take' as const), shape: fc.constantFrom(...SHAPES) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('plan' as const),
      shapes: fc.array(fc.constantFrom(...SHAPES), { minLength: 1, maxLength: 4 }),
    }),
  },
);

/** What is left of a holding, by the plain rules. */
function restOf(holding: Holding): Resources {
  let rest = Resources.EMPTY;
  for (const each of holding.offers) rest = rest.plus(each.resources);
  for (const taken of holding.taken) rest = rest.minus(taken.resources);
  return rest;
}

function hasRoom(holding: Holding, wanted: Shape): boolean {
  const card = holding.agent === GPU_AGENT;
  if (wanted.constraints === CARD && !card) return false;
  if (wanted.constraints === NO_CARD && card) return false;
  return restOf(holding).contains(wanted.resources);
}

test('the pool finds room exactly when a search of every holding does', () => {
  fc.assert(
    fc.property(
      fc.array(addition, { maxLength: 4 }),
      fc.array(command, { maxLength: 40 }),
      (first, later) => {
        const pool = emptyPool();
        const holdings = new Set<Holding>();
        let nextId = 1;
        const search = (wanted: Shape): Holding | null => {
          const position = pool.find(wanted);
          const expected = [...holdings].some((holding) => hasRoom(holding, wanted));
          expect(position >= 0).toBe(expected);
          if (position < 0) return null;
          expect(hasRoom(pool.at(position), wanted)).toBe(true);
          return pool.at(position);
        };
        for (const each of [...first, ...later]) {
          switch (each.kind) {
            case 'add':
              holdings.add(pool.add(offer(nextId++, each.agent, each.resources, each.agent === 0)));
              break;
            case 'withdraw': {
              // Offers are rescinded between steps, when nothing is taken.
              const untouched = [...holdings].filter((holding) => holding.taken.length === 0);
              if (untouched.length === 0) break;
              const holding = untouched[each.which % untouched.length]!;
              const only = holding.offers.length === 1;
              pool.withdraw(holding, holding.offers[each.which % holding.offers.length]!);
              if (only) holdings.delete(holding);
              break;
            }
            case 'remove': {
              if (holdings.size === 0) break;
              const holding = [...holdings][each.which % holdings.size]!;
              pool.remove(holding);
              holdings.delete(holding);
              break;
            }
            case 'take': {
              const holding = search(each.shape);
              if (holding === null) pool.noteFailure(each.shape);
              else pool.take(holding, each.shape);
              break;
            }
            case 'plan': {
              const planned: Holding[] = [];
              for (const wanted of each.shapes) {
                const holding = search(wanted);
                if (holding === null) break;
                pool.take(holding, wanted);
                planned.push(holding);
              }
              while (planned.length > 0) pool.giveBack(planned.pop()!);
              break;
            }
          }
          expect(pool.size).toBe(holdings.size);
          let cpus = 0;
          for (const holding of holdings) cpus += restOf(holding).cpus;
          expect(pool.total.cpus).toBe(cpus);
        }
      },
    ),
  );
});

test('two offers of one agent together hold a task that fits neither', () => {
  const pool = emptyPool();
  pool.add(offer(1, 1, scalars(2, 1_024)));
  pool.add(offer(2, 1, scalars(2, 1_024)));
  expect(pool.size).toBe(1);
  expect(pool.find(shape(scalars(4, 2_048)))).toBe(0);
});

test('resources reserved for the role are not used for a task that asks for unreserved ones', () => {
  const pool = emptyPool();
  pool.add(offer(1, 1, parse('cpus(batch):4;mem(batch):4096')));
  expect(pool.find(shape(scalars(1, 512)))).toBe(-1);
  pool.noteFailure(shape(scalars(1, 512)));
  expect(pool.find(shape(parse('cpus(batch):1;mem(batch):512')))).toBe(0);
});

test('a set attribute, a scalar and ranges satisfy constraints by their words', () => {
  const { info } = master.addAgent(scalars(1, 1), [
    { name: 'disks', type: 'SET', items: ['ssd', 'hdd'] },
    { name: 'level', type: 'SCALAR', scalar: milli(2_500) },
    { name: 'rack', type: 'RANGES', ranges: [{ begin: 3, end: 5 }] },
  ]);
  const pool = emptyPool();
  pool.add({ ...offer(1, 1, scalars(4, 4_096)), agent: info });
  const finds = (attribute: string, operator: 'IN' | 'NOT_IN', ...values: string[]) =>
    pool.find(shape(scalars(1, 1), [{ attribute, operator, values }])) === 0;
  expect(finds('disks', 'IN', 'ssd')).toBe(true);
  expect(finds('disks', 'NOT_IN', 'hdd')).toBe(false);
  expect(finds('level', 'IN', '2.5')).toBe(true);
  expect(finds('rack', 'IN', '4')).toBe(true);
  expect(finds('rack', 'IN', '6')).toBe(false);
  expect(finds('absent', 'IN', 'x')).toBe(false);
  expect(finds('absent', 'NOT_IN', 'x')).toBe(true);
});

test('a shape that found no room is looked for again once an offer is added', () => {
  const pool = emptyPool();
  pool.add(offer(1, 1, scalars(2, 1_024)));
  const wanted = shape(scalars(4, 1_024));
  expect(pool.find(wanted)).toBe(-1);
  pool.noteFailure(wanted);
  pool.add(offer(2, 2, scalars(4, 1_024)));
  expect(pool.find(wanted)).toBe(1);
});
