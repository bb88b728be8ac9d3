import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../engine/core/index.ts';
import type { AllocatorOptions, Framework } from '../../engine/master/index.ts';
import { ClusterTotals } from './cluster-totals.ts';
import { COMMAND_KINDS, type Command, TestHistory } from './explain/test-history.ts';
import { QuantityColumns } from './quantity-columns.ts';
import { RandomPlaces, RandomRoleOrder } from './random-order.ts';
import { RoleBook } from './role-book.ts';
import { RoleTree } from './role-tree.ts';
import { ShareTable } from './share-table.ts';
import { SiblingOrder } from './sibling-order.ts';
import { type Given, TestWorld } from './test-world.ts';
import { WeightedDraw } from './weighted-draw.ts';

const RANDOM = { roleSorter: 'random', frameworkSorter: 'random' } as const;
const DRAWS = 40_000;
/** Of so many standard deviations a count may be off; with a fixed seed this is about the draws that there are. */
const DEVIATIONS = 4.5;

/** Roles of a tree, those that are used, and the weights that are not 1. */
interface Tree {
  readonly active: readonly string[];
  readonly inactive?: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
}

function orderOf(tree: Tree, seed: number, belongs: (role: string) => boolean = () => true) {
  const book = new RoleBook();
  const roles = new RoleTree(book, new ClusterTotals(new QuantityColumns(), []));
  for (const [role, weight] of Object.entries(tree.weights ?? {})) roles.setWeight(book.role(role), weight);
  for (const role of [...tree.active, ...(tree.inactive ?? [])]) roles.addClient(book.role(role));
  for (const role of tree.active) roles.setActive(book.role(role), true);
  const nameOf = (node: number) => book.name(roles.roleOf(node));
  const order = new RandomRoleOrder(roles, Rng.forPurpose(seed, 'test'), (node) => belongs(nameOf(node)));
  return {
    order,
    draw: (count = Infinity): string[] => {
      const drawn: string[] = [];
      order.begin();
      while (drawn.length < count) {
        const leaf = order.next();
        if (leaf < 0) break;
        drawn.push(nameOf(leaf));
      }
      return drawn;
    },
  };
}

/** Every order of `weights` with its probability when one after the other is drawn by weight. */
function orders(weights: ReadonlyMap<string, number>): Map<string, number> {
  if (weights.size === 0) return new Map([['', 1]]);
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  const all = new Map<string, number>();
  for (const [name, weight] of weights) {
    const rest = new Map(weights);
    rest.delete(name);
    for (const [order, odds] of orders(rest)) all.set(`${name} ${order}`, (weight / sum) * odds);
  }
  return all;
}

function counted(draw: () => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let index = 0; index < DRAWS; index++) {
    const drawn = draw();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  return counts;
}

function expectDistribution(counts: ReadonlyMap<string, number>, odds: ReadonlyMap<string, number>): void {
  expect([...counts.keys()].filter((drawn) => !odds.has(drawn))).toEqual([]);
  for (const [outcome, p] of odds) {
    const off = Math.abs((counts.get(outcome) ?? 0) - DRAWS * p);
    expect(off, outcome).toBeLessThan(DEVIATIONS * Math.sqrt(DRAWS * p * (1 - p)));
  }
}

describe('the random order of roles', () => {
  const cases: readonly (readonly [string, Tree, Readonly<Record<string, number>>])[] = [
    ['of equal roles', { active: ['a', 'b', 'c'] }, { a: 1, b: 1, c: 1 }],
    ['by weights', { active: ['a', 'b', 'c'], weights: { a: 3, b: 0.5 } }, { a: 3, b: 0.5, c: 1 }],
    [
      'over two levels, with a role between two of one parent',
      { active: ['a/x', 'a/y', 'b'], weights: { a: 2, 'a/y': 3 } },
      { 'a/x': 2 / 12, 'a/y': 6 / 12, b: 4 / 12 },
    ],
    [
      'with an inner role that is used itself, which weighs 1 among its children',
      { active: ['a', 'a/x', 'b'], weights: { a: 4, 'a/x': 3 } },
      { a: 4 / 20, 'a/x': 12 / 20, b: 4 / 20 },
    ],
    [
      'where those who do not take part weigh nothing',
      { active: ['a/x', 'b', 'c/z'], inactive: ['a/y', 'd', 'e/w'], weights: { 'a/y': 9, d: 9, e: 9, c: 2 } },
      { 'a/x': 1, b: 1, 'c/z': 2 },
    ],
    [
      'over three levels',
      { active: ['a/x/1', 'a/x/2', 'a/y', 'b'], weights: { 'a/x': 2 } },
      { 'a/x/1': 1 / 6, 'a/x/2': 1 / 6, 'a/y': 1 / 6, b: 1 / 2 },
    ],
  ];

  test.each(cases)('has each order as often as it should: %s', (_, tree, weights) => {
    const { order, draw } = orderOf(tree, 1);
    order.fill(false);
    expectDistribution(
      counted(() => `${draw().join(' ')} `),
      orders(new Map(Object.entries(weights))),
    );
  });

  test('does not depend on how far earlier orders were read', () => {
    const { order, draw } = orderOf({ active: ['a', 'b', 'c', 'd'], weights: { a: 5, c: 2 } }, 2);
    order.fill(false);
    let turn = 0;
    const counts = counted(() => draw((turn++ % 4) + 1)[0]!);
    expectDistribution(counts, new Map(Object.entries({ a: 5 / 9, b: 1 / 9, c: 2 / 9, d: 1 / 9 })));
  });

  test('leaves out what cannot get more, for good, and keeps the odds of the others', () => {
    const spent = new Set(['d']);
    const tree: Tree = { active: ['a', 'b', 'c/x', 'c/y', 'd'], weights: { a: 2 } };
    const { order, draw } = orderOf(tree, 3, (role) => !spent.has(role));
    order.fill(true);
    expect(order.length).toBe(4);
    spent.add('c');
    expect(draw().sort()).toEqual(['a', 'b']);
    expect(order.length).toBe(2);
    expectDistribution(
      counted(() => draw()[0]!),
      new Map([
        ['a', 2 / 3],
        ['b', 1 / 3],
      ]),
    );
  });

  test('of no roles is empty', () => {
    const { order, draw } = orderOf({ active: [], inactive: ['a'] }, 1);
    order.fill(false);
    expect(order.length).toBe(0);
    expect(draw()).toEqual([]);
  });
});

test('drawn to the end, every slot comes up once, however different the weights, and again after a restore', () => {
  const weight = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(1e-320, 1e-12, 1e300));
  fc.assert(
    fc.property(fc.array(weight, { maxLength: 40 }), fc.nat(), fc.nat(40), (weights, seed, stop) => {
      const rng = Rng.forPurpose(seed, 'test');
      const draw = new WeightedDraw();
      draw.fill(weights);
      for (let index = 0; index < stop; index++) draw.draw(rng);
      draw.restore();
      const drawn = weights.map(() => draw.draw(rng));
      expect(drawn.sort((a, b) => a - b)).toEqual([...weights.keys()]);
      expect(draw.draw(rng)).toBe(-1);
    }),
  );
});

test('the random order of frameworks is a uniform one of those that are active', () => {
  const shares = new ShareTable(new ClusterTotals(new QuantityColumns(), []));
  const list = new SiblingOrder(shares);
  const rows = [0, 1, 2, 3, 4].map((rank) => shares.add(list, rank, '', 1));
  for (const row of rows) shares.setActive(row, true);
  shares.setActive(rows[1]!, false);
  const places = new RandomPlaces(shares, Rng.forPurpose(4, 'test'));
  const counts = counted(() => {
    places.begin(list);
    let order = '';
    for (let place = places.next(); place >= 0; place = places.next()) order += `${list.at(place)} `;
    return order;
  });
  expectDistribution(counts, orders(new Map(['0', '2', '3', '4'].map((row) => [row, 1]))));
});

/** Who took each of `agents` agents, as `role/framework`, in one cycle. */
function takers(options: Partial<AllocatorOptions>, agents: number): string[] {
  const world = new TestWorld({ ...options, allocationInterval: 1e6 as never });
  for (let agent = 0; agent < agents; agent++) world.addAgent(agent, 'cpus:1;mem:100');
  world.allocator.setWeight(world.now, world.role('a'), 3);
  world.addFramework(0, 'a');
  for (const given of world.take()) world.giveBack(given, null);
  world.addFramework(1, 'a');
  world.addFramework(2, 'b');
  world.addFramework(3, 'b');
  world.addFramework(4, 'b');
  for (const given of world.take()) world.giveBack(given, null);
  world.allocator.suppressOffers(world.now, 4 as Framework, []);
  world.allocator.allocate(world.now);
  world.allocator.checkInvariants();
  return world.take().map(({ framework, role }) => `${world.allocator.roleName(role)}${framework}`);
}

describe('an allocator', () => {
  const shares = (drawn: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const one of drawn) counts.set(one, (counts.get(one) ?? 0) + 1);
    return counts;
  };
  const near = (count: number | undefined, agents: number, p: number): void => {
    expect(Math.abs((count ?? 0) - agents * p)).toBeLessThan(DEVIATIONS * Math.sqrt(agents * p * (1 - p)));
  };

  test('with random sorters draws anew for each agent, by weights of roles, and never who is suppressed', () => {
    const counts = shares(takers(RANDOM, 4000));
    expect([...counts.keys()].sort()).toEqual(['a0', 'a1', 'b2', 'b3']);
    for (const one of ['a0', 'a1']) near(counts.get(one), 4000, 3 / 8);
    for (const one of ['b2', 'b3']) near(counts.get(one), 4000, 1 / 8);
  });

  test('with a random role sorter alone serves frameworks of a role by need', () => {
    const counts = shares(takers({ roleSorter: 'random' }, 4000));
    near(counts.get('a0')! + counts.get('a1')!, 4000, 3 / 4);
    expect(Math.abs(counts.get('a0')! - counts.get('a1')!)).toBeLessThanOrEqual(1);
    expect(Math.abs(counts.get('b2')! - counts.get('b3')!)).toBeLessThanOrEqual(1);
  });

  test('with a random framework sorter alone serves roles by need', () => {
    const counts = shares(takers({ frameworkSorter: 'random' }, 4000));
    expect(counts.get('a0')! + counts.get('a1')!).toBe(3000);
    expect(counts.get('a0')).not.toBe(1500);
    near(counts.get('a0')! - 1000, 1000, 1 / 2);
  });

  test('draws the same of the same seed, and of another something else', () => {
    expect(takers({ ...RANDOM, seed: 5 }, 60)).toEqual(takers({ ...RANDOM, seed: 5 }, 60));
    expect(takers({ ...RANDOM, seed: 5 }, 60)).not.toEqual(takers({ ...RANDOM, seed: 6 }, 60));
  });

  test('serves each guarantee, and keeps to each limit, in whatever order roles come', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const game = new TestHistory(40, seed, RANDOM);
      for (let x = 0; x < 3; x++) game.do({ kind: 'addFramework', x, y: 1 << (x === 0 ? 0 : x + 1), z: 1 });
      for (let x = 0; x < 3; x++) game.do({ kind: 'quota', x, y: 1, z: 2 });
      for (let x = 0; x < 40; x++) game.do({ kind: 'addAgent', x, y: 0, z: 4 * x + 1 });
      game.do({ kind: 'advance', x: 2, y: 0, z: 0 });
      const cpus = (given: readonly Given[]) => given.reduce((sum, one) => sum + one.resources.cpus, 0);
      for (const role of ['a', 'b', 'c']) {
        const number = game.world.role(role);
        expect(cpus(game.held.filter((given) => given.role === number))).toBe(1000);
      }
    }
  });
});

const number = fc.noBias(fc.nat(1000));
const command = fc.record({ kind: fc.constantFrom(...COMMAND_KINDS), x: number, y: number, z: number });
const history = fc.noBias(fc.array(command, { maxLength: 80, size: 'max' }));
const sorters = fc.constantFrom<Partial<AllocatorOptions>>(
  RANDOM,
  { roleSorter: 'random' },
  { frameworkSorter: 'random' },
);

test('books agree after whatever happens, whichever sorter is random, and equal histories end equally, read or unread', () => {
  fc.assert(
    fc.property(history, fc.nat(1000), sorters, (commands: readonly Command[], seed, options) => {
      const [game, twin] = [new TestHistory(5, seed, options), new TestHistory(5, seed, options)];
      for (const one of commands) {
        game.do(one);
        game.world.allocator.checkInvariants();
        game.world.allocator.roleOrder();
        for (const { framework, role } of game.clients().slice(0, 2))
          game.world.allocator.explain(game.now, framework, role, null);
        twin.do(one);
      }
      expect(game.held.map(line)).toEqual(twin.held.map(line));
    }),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 300 },
  );
});

test('of one history, the next cycle finds a taker for an agent with random sorters if and only if it does by need', () => {
  fc.assert(
    fc.property(history, fc.nat(1000), sorters, (commands: readonly Command[], seed, options) => {
      // Everything comes in while all wait, so that both begin the cycle alike; roles, filters and minimums differ, quota is left out.
      const kinds = new Set(['addAgent', 'changeAgent', 'addFramework', 'weigh', 'switchAgent']);
      const [random, byNeed] = [options, {}].map((one) => {
        const game = new TestHistory(5, seed, one);
        game.world.allocator.setWhitelist(game.now, []);
        for (const given of commands) if (kinds.has(given.kind)) game.do(given);
        expect(game.held).toEqual([]);
        game.world.allocator.setWhitelist(game.now, null);
        game.world.allocator.allocate(game.now);
        return new Set(game.take().map(({ agent }) => agent));
      });
      expect(random).toEqual(byNeed);
    }),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 200 },
  );
});

function line({ framework, role, agent, resources }: Given): string {
  return `${framework} ${role} ${agent} ${resources.toString()}`;
}
