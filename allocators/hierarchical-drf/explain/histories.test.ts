import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Agent, AllocatorOptions, Change } from '../../../engine/master/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import { type Given, quantities } from '../test-world.ts';
import { noHypothesis } from './hypothesis.ts';
import { Rehearsal } from './rehearsal.ts';
import { COMMAND_KINDS, type Command, TestHistory } from './test-history.ts';

const number = fc.noBias(fc.nat(1000));
const command = fc.record({ kind: fc.constantFrom(...COMMAND_KINDS), x: number, y: number, z: number });
const arrivals = fc.tuple(...[0, 1, 2].map((x) => fc.tuple(fc.constant(x), number, number))).map((drawn) =>
  drawn.flatMap(([x, y, z]): Command[] => [
    { kind: 'addFramework', x, y, z },
    { kind: 'addAgent', x, y: z, z: y },
  ]),
);
const history = fc
  .tuple(arrivals, fc.noBias(fc.array(command, { maxLength: 40, size: 'max' })))
  .map(([first, then]) => [...first, ...then]);

function played(commands: readonly Command[], agentsMax: number, seed: number): TestHistory {
  const game = new TestHistory(agentsMax, seed);
  for (const one of commands) game.do(one);
  return game;
}

/** One line per framework, role and agent, with all that it got. */
function summed(given: readonly Given[]): string[] {
  const sums = new Map<string, Resources>();
  for (const { framework, role, agent, resources } of given) {
    const key = `${framework} ${role} ${agent}`;
    sums.set(key, (sums.get(key) ?? Resources.EMPTY).plus(resources));
  }
  return [...sums].map(([key, resources]) => `${key} ${resources.toString()}`).sort();
}

/** Ways in which a list of visits can be those of two stages, agents that were not visited coming last. */
function stagesOf(visits: readonly Agent[], agents: readonly Agent[]) {
  return Array.from({ length: visits.length + 1 }, (_, at) => {
    const complete = (some: readonly Agent[]) => [...new Set([...some, ...agents])];
    return { guarantees: complete(visits.slice(0, at)), fair: complete(visits.slice(at)) };
  });
}

test('a cycle on paper decides as the next cycle does, whoever it is about, when it visits agents in the same order', () => {
  fc.assert(
    fc.property(history, fc.nat(1000), (commands, seed) => {
      const game = played(commands, 3, seed);
      const twin = played(commands, 3, seed);
      const { allocator } = twin.world;
      const visits = allocator.watchVisits() as Agent[];
      allocator.allocate(twin.now);
      const actual = summed(twin.take());
      const [first] = game.clients();
      if (first === undefined) return;
      const scene = game.world.allocator.scene();
      const target = scene.books.client(first.framework, scene.books.roles.find(first.role)!)!;
      const outcomes = stagesOf(visits, [...game.agents.keys()]).map((stages) => {
        const { grants } = new Rehearsal(scene, noHypothesis(scene, target, game.now), null, stages);
        return summed(
          grants.map(({ client, row: { agent }, resources }) => ({
            framework: client.framework,
            role: client.role,
            agent,
            resources,
          })),
        );
      });
      expect(outcomes).toContainEqual(actual);
    }),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 400 },
  );
});

test('explaining changes nothing that the allocator does afterwards', () => {
  fc.assert(
    fc.property(history, history, fc.nat(1000), (before, after, seed) => {
      const game = played(before, 3, seed);
      const twin = played(before, 3, seed);
      for (const { framework, role } of game.clients()) {
        game.world.allocator.explain(game.now, framework, role, quantities('cpus:2'));
      }
      game.world.allocator.checkInvariants();
      for (const one of after) {
        game.do(one);
        twin.do(one);
      }
      for (const world of [game, twin]) world.world.allocator.allocate(world.now);
      expect(game.world.take()).toEqual(twin.world.take());
      expect(game.held.length).toBe(twin.held.length);
    }),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 100 },
  );
});

test('of a single agent the next cycle gives a framework what is said to be offered, and nothing where a rule withholds it', () => {
  fc.assert(
    fc.property(history, fc.nat(1000), (commands, seed) => {
      const game = played(commands, 1, seed);
      const said = game.clients().map((client) => {
        const { verdicts } = game.world.allocator.explain(game.now, client.framework, client.role, null);
        return { ...client, offer: verdicts[0]?.offer ?? Resources.EMPTY };
      });
      game.world.allocator.allocate(game.now);
      const given = game.take();
      for (const { framework, role, offer } of said) {
        const got = given
          .filter((one) => one.framework === framework && game.world.allocator.roleName(one.role) === role)
          .reduce((sum, { resources }) => sum.plus(resources), Resources.EMPTY);
        expect(got.toString()).toBe(offer.toString());
      }
    }),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 400 },
  );
});

test('without quota somebody takes every agent that is said to be offered, and nobody gets one that a rule but the order withholds', () => {
  fc.assert(
    fc.property(history, fc.nat(1000), (commands, seed) => {
      const game = played(
        commands.filter(({ kind }) => kind !== 'quota' && kind !== 'request'),
        3,
        seed,
      );
      const explained = game.clients().map((client) => ({
        ...client,
        verdicts: game.world.allocator.explain(game.now, client.framework, client.role, null).verdicts,
      }));
      game.world.allocator.allocate(game.now);
      const given = game.take();
      for (const { framework, role, verdicts } of explained) {
        for (const { agent, withheld } of verdicts) {
          const takers = given.filter((one) => one.agent === agent);
          if (withheld === null) expect(takers).not.toEqual([]);
          if (withheld === null || withheld.rule === 'order') continue;
          const got = takers.filter(
            (one) => one.framework === framework && game.world.allocator.roleName(one.role) === role,
          );
          expect(got).toEqual([]);
        }
      }
    }),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 200 },
  );
});

const SORTERS: readonly Partial<AllocatorOptions>[] = [
  { roleSorter: 'random' },
  { frameworkSorter: 'random' },
  { roleSorter: 'random', frameworkSorter: 'random' },
];

test('with random sorters a framework gets what it is said to be offered, whatever is drawn, and of what an order withholds it gets something in some draw', () => {
  let decided = 0;
  fc.assert(
    fc.property(history, fc.nat(1000), fc.constantFrom(...SORTERS), (commands, seed, sorters) => {
      const orderly = commands.filter(({ kind }) => kind !== 'quota' && kind !== 'request');
      // Where need decides, too, the order in which agents are visited matters.
      const agentsMax = Object.keys(sorters).length === 2 ? 3 : 1;
      const game = new TestHistory(agentsMax, seed, sorters);
      for (const one of orderly) game.do(one);
      const { allocator } = game.world;
      const explained = game.clients().map((client) => ({
        ...client,
        verdicts: allocator.explain(game.now, client.framework, client.role, null).verdicts,
      }));
      allocator.allocate(game.now);
      const given = game.take();
      for (const { framework, role, verdicts } of explained) {
        for (const { agent, withheld } of verdicts) {
          const got = given.some(
            (one) =>
              one.agent === agent && one.framework === framework && allocator.roleName(one.role) === role,
          );
          if (withheld === null) expect(got).toBe(true);
          else if (withheld.rule !== 'order') expect(got).toBe(false);
          else if (got) decided++;
          if (withheld?.rule === 'order' && withheld.odds !== null) {
            expect(withheld.odds).toBeGreaterThan(0);
            expect(withheld.odds).toBeLessThan(1);
          }
        }
      }
    }),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 300 },
  );
  expect(decided).toBeGreaterThan(0);
});

/** Changes that start a cycle at once, before others could be made: such a one is made last. */
const STARTS_CYCLE: readonly Change['kind'][] = [
  'reviveRole',
  'activateFramework',
  'upgradeAgents',
  'waitUntil',
];

test('making the changes of a suggestion brings the framework what it lacked', () => {
  fc.assert(
    fc.property(
      history,
      fc.nat(1000),
      fc.nat(1000),
      fc.constantFrom(null, 'cpus:1', 'cpus:2;mem:200'),
      (commands, seed, drawn, demandText) => {
        const game = played(commands, 1, seed);
        const { allocator } = game.world;
        const demand = demandText === null ? null : quantities(demandText);
        const stuck = game.clients().flatMap(({ framework, role }) => {
          const { suggestions, offerable } = allocator.explain(game.now, framework, role, demand);
          return offerable === 0 ? suggestions.map((suggestion) => ({ framework, role, suggestion })) : [];
        });
        if (stuck.length === 0) return;
        const { framework, role, suggestion } = stuck[drawn % stuck.length]!;
        const starters = suggestion.changes.filter(({ kind }) => STARTS_CYCLE.includes(kind));
        if (starters.length > 1) return;
        const ordered = [...suggestion.changes.filter((change) => !starters.includes(change)), ...starters];
        for (const change of ordered) game.apply(change, framework, role);
        allocator.allocate(game.now);
        const given = game.take();
        // Who waits may see another served meanwhile.
        const mine = given.filter(
          (one) => one.framework === framework && allocator.roleName(one.role) === role,
        );
        if (starters[0]?.kind === 'waitUntil' && mine.length < given.length) return;
        const got = mine.reduce((sum, { resources }) => sum.plus(resources), Resources.EMPTY);
        if (got.isEmpty) expect(JSON.stringify({ framework, role, ordered })).toBe('of use');
        if (demand !== null) expect(got.quantities().contains(demand)).toBe(true);
      },
    ),
    { numRuns: fc.readConfigureGlobal().numRuns ?? 1000 },
  );
});
