import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros, milli } from '../../engine/core/index.ts';
import type { Agent, Framework } from '../../engine/master/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import { agentInfo, frameworkInfo, type Given, resources, TestWorld } from './test-world.ts';

describe('a cycle', () => {
  test('gives each agent of an even cluster to whoever is neediest at that moment', () => {
    const world = new TestWorld();
    for (let framework = 0; framework < 4; framework++) world.addFramework(framework, `r${framework}`);
    for (let agent = 0; agent < 12; agent++) world.addAgent(agent, 'cpus:1;mem:100');
    const counts = [0, 0, 0, 0];
    for (const { framework } of world.take()) counts[framework]!++;
    expect(counts).toEqual([3, 3, 3, 3]);
  });

  test('with nothing changed since the last one counts and does nothing', () => {
    const world = new TestWorld();
    const visits = world.allocator.watchVisits();
    world.addFramework(0, 'r');
    world.addAgent(0, 'cpus:1;mem:100');
    world.giveBack(world.take()[0]!, 3600);
    world.advance(1);
    const { allocationRuns } = world.allocator.metrics();
    visits.length = 0;
    world.advance(1000);
    expect(visits).toEqual([]);
    expect(world.allocator.metrics().allocationRuns).toBe(allocationRuns + 1000);
  });

  test('returns the very object of the total when all is free again, however it came back', () => {
    const world = new TestWorld();
    const total = resources('cpus:4;mem:1000');
    world.allocator.addAgent(world.now, 0 as Agent, agentInfo(total), []);
    world.addFramework(0, 'r');
    const [given] = world.take();
    world.giveBack(given!, null, resources('cpus:1'));
    world.giveBack(given!, null, resources('cpus:3;mem:1000'));
    expect(world.allocator.available(0 as Agent)).toBe(total);
  });

  test('shows agents that found no taker to the one framework that awoke, and the others still go to the neediest', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const world = new TestWorld({ seed });
      for (let agent = 0; agent < 16; agent++) world.addAgent(agent, 'cpus:2;mem:200');
      world.addFramework(1, 'b');
      const half = resources('cpus:1;mem:100');
      const [ofFirst] = world.take().filter((given) => {
        if (given.agent !== 0) world.giveBack(given, 3600);
        return given.agent === 0;
      });
      world.addFramework(0, 'a');
      for (const given of world.take()) world.giveBack(given, 3600);
      world.advance(1);
      world.giveBack(ofFirst!, null, half);
      const visits = world.allocator.watchVisits();
      world.allocator.reviveOffers(world.now, 0 as Framework, []);
      const taker = world.take().find(({ agent }) => agent === 0);
      expect(visits).toHaveLength(16);
      expect(taker?.framework).toBe(visits[0] === 0 ? 0 : 1);
      world.allocator.checkInvariants();
    }
  });

  test('tells the records of one framework in a row', () => {
    const world = new TestWorld();
    for (let agent = 0; agent < 9; agent++) world.addAgent(agent, 'cpus:1;mem:100');
    world.addFramework(0, 'a', 'b');
    for (const given of world.take()) world.giveBack(given);
    world.addFramework(1, 'a');
    world.addFramework(2, 'b');
    const frameworks = world.take().map(({ framework }) => framework);
    const turns = frameworks.filter((framework, index) => framework !== frameworks[index - 1]);
    expect(turns).toHaveLength(new Set(frameworks).size);
  });

  test('refuses, as broken contract, that more comes back than is held', () => {
    const world = new TestWorld();
    world.addAgent(0, 'cpus:1;mem:100');
    world.addFramework(0, 'r');
    const [given] = world.take();
    expect(() => world.giveBack(given!, null, resources('cpus:2'))).toThrow(
      'no more comes back than is held',
    );
  });

  test('of one seed and history gives the same records in the same order, and of another seed another order', () => {
    const run = (seed: number): readonly string[] => {
      const world = new TestWorld({ seed });
      const log: string[] = [];
      for (let framework = 0; framework < 5; framework++) world.addFramework(framework, `r${framework % 3}`);
      for (let agent = 0; agent < 30; agent++) world.addAgent(agent, `cpus:${1 + (agent % 4)};mem:100`);
      for (let round = 0; round < 5; round++) {
        const given = world.take();
        log.push(...given.map((record) => `${record.framework} ${record.role} ${record.agent}`));
        for (const record of given) world.giveBack(record, round % 2 === 0 ? 2 : null);
        world.advance(1);
      }
      return log;
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});

const ROLES = ['a', 'a/x', 'a/y', 'a/y/z', 'b', 'b/w', 'c'];
const AGENT_COUNT = 12;
const FRAMEWORK_COUNT = 15;

interface PlainClient {
  readonly framework: number;
  readonly role: string;
  isActive: boolean;
  count: number;
}

/** cpus and mem, thousandths. */
type Amount = readonly [number, number];

const add = (a: Amount, b: Amount): Amount => [a[0] + b[0], a[1] + b[1]];
const amountOf = (given: Resources): Amount => [given.cpus, given.mem];

/**
 * What cycles over plain agents without quota come down to, written with nothing kept but what is held and how often was allocated.
 * All frameworks and roles are there from the start, so that no count is inherited.
 */
class PlainWorld {
  readonly clients: PlainClient[] = [];
  readonly total: Amount[] = [];
  /** Parts by agent. */
  readonly held: { readonly client: PlainClient; readonly amount: Amount }[][] = [];
  filters: { client: PlainClient; agent: number; refused: Amount; expiry: number; isLate: boolean }[] = [];
  readonly #nodeCounts = new Map<string, number>();

  free(agent: number): Amount {
    return this.held[agent]!.reduce<Amount>(
      (free, { amount }) => [free[0] - amount[0], free[1] - amount[1]],
      this.total[agent]!,
    );
  }

  /** What the cycle gives, agents taken in this order. */
  cycle(order: readonly number[]): string[] {
    const given: string[] = [];
    for (const agent of order) {
      const free = this.free(agent);
      if (free[0] < 10 && free[1] < 32_000) continue;
      const taker = this.#order().find((client) => !this.#isFiltered(client, agent, free));
      if (taker === undefined) continue;
      this.held[agent]!.push({ client: taker, amount: free });
      taker.count++;
      this.#countNodes(taker.role);
      given.push(`${taker.framework} ${taker.role} ${agent} ${free.join()}`);
    }
    return given.sort();
  }

  expire(now: number, lateToo: boolean): void {
    this.filters = this.filters.filter(
      ({ expiry, isLate }) => expiry > now || (expiry === now && isLate && !lateToo),
    );
  }

  #isFiltered(client: PlainClient, agent: number, free: Amount): boolean {
    return this.filters.some(
      (filter) =>
        filter.client === client &&
        filter.agent === agent &&
        filter.refused[0] >= free[0] &&
        filter.refused[1] >= free[1],
    );
  }

  #share(matches: (client: PlainClient) => boolean): number {
    const total = this.total.reduce<Amount>(add, [0, 0]);
    let sum: Amount = [0, 0];
    for (const parts of this.held)
      for (const part of parts) if (matches(part.client)) sum = add(sum, part.amount);
    return Math.max(sum[0] / total[0], sum[1] / total[1]);
  }

  #order(): PlainClient[] {
    return this.#roles('').flatMap((role) =>
      this.clients
        .filter((client) => client.role === role && client.isActive)
        .map((client) => ({ client, share: this.#share((other) => other === client) }))
        .sort(
          (a, b) =>
            a.share - b.share || a.client.count - b.client.count || a.client.framework - b.client.framework,
        )
        .map(({ client }) => client),
    );
  }

  /** Used roles below `path`, a role with children among them as `path/.`. */
  #roles(path: string): string[] {
    const prefix = path === '' ? '' : `${path}/`;
    const names = new Set(
      ROLES.filter((role) => role.startsWith(prefix)).map((role) => role.slice(prefix.length).split('/')[0]!),
    );
    const nodes = [...names].map((name) => prefix + name);
    const isInner = path !== '' && nodes.length > 0;
    if (isInner) nodes.push(`${path}/.`);
    if (nodes.length === 0) return [path];
    const keyed = nodes.map((node) => ({
      node,
      share: node.endsWith('/.')
        ? this.#share((client) => client.role === path)
        : this.#share((client) => client.role === node || client.role.startsWith(`${node}/`)),
      count: this.#nodeCounts.get(node) ?? 0,
    }));
    keyed.sort((a, b) => a.share - b.share || a.count - b.count || (a.node < b.node ? -1 : 1));
    return keyed.flatMap(({ node }) => (node.endsWith('/.') ? [path] : this.#roles(node)));
  }

  #countNodes(role: string): void {
    const parts = role.split('/');
    const nodes = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    if (ROLES.some((other) => other.startsWith(`${role}/`))) nodes.push(`${role}/.`);
    for (const node of nodes) this.#nodeCounts.set(node, (this.#nodeCounts.get(node) ?? 0) + 1);
  }
}

type Deed = readonly ['return' | 'half' | 'suppress' | 'revive' | 'advance' | 'addAgent', number, number];

const SHAPES: readonly Amount[] = [
  [4_000, 1_000_000],
  [1_000, 4_000_000],
  [8_000, 100_000],
  [2_000, 2_000_000],
];
const REFUSALS = [null, 1, 2, 2.5, 3600];

/** Both worlds through one history; after each step they must agree, and the books must be right. */
class Twins {
  readonly #world = new TestWorld();
  readonly #plain = new PlainWorld();
  readonly #visits: number[];
  #nextTick = 1e6;
  #held: Given[] = [];

  constructor() {
    this.#visits = this.#world.allocator.watchVisits();
    for (let framework = 0; framework < FRAMEWORK_COUNT; framework++) {
      const roles = [ROLES[framework % ROLES.length]!, ROLES[(framework * 3 + 1) % ROLES.length]!];
      const known = new Set(roles);
      this.#world.addFramework(framework, ...known);
      for (const role of known) this.#plain.clients.push({ framework, role, isActive: true, count: 0 });
    }
  }

  do([kind, x, y]: Deed): void {
    const { allocator, now } = this.#world;
    const framework = x % FRAMEWORK_COUNT;
    const mine = this.#plain.clients.filter((client) => client.framework === framework);
    switch (kind) {
      case 'addAgent':
        if (this.#plain.total.length === AGENT_COUNT) return;
        return this.#addAgent(SHAPES[x % SHAPES.length]!);
      case 'return':
      case 'half':
        return this.#giveBack(x, kind === 'half', REFUSALS[y % REFUSALS.length]!);
      case 'suppress':
        for (const client of mine) client.isActive = false;
        return allocator.suppressOffers(now, framework as Framework, []);
      case 'revive':
        for (const client of mine) client.isActive = true;
        this.#plain.filters = this.#plain.filters.filter(({ client }) => !mine.includes(client));
        allocator.reviveOffers(now, framework as Framework, []);
        return this.#compare();
      case 'advance':
        return this.#advance([0, 0.5, 1, 1, 2, 3][x % 6]!);
    }
  }

  #addAgent([cpus, mem]: Amount): void {
    const agent = this.#plain.total.length;
    this.#plain.total.push([cpus, mem]);
    this.#plain.held.push([]);
    const total = Resources.ofScalars({ cpus: milli(cpus), mem: milli(mem) });
    this.#world.allocator.addAgent(this.#world.now, agent as Agent, agentInfo(total), []);
    this.#compare([agent]);
  }

  #giveBack(x: number, isHalf: boolean, refuseSeconds: number | null): void {
    const index = x % Math.max(1, this.#held.length);
    const record = this.#held[index];
    if (record === undefined) return;
    const whole = record.resources;
    const part = isHalf
      ? Resources.ofScalars({
          cpus: milli(Math.ceil(whole.cpus / 2)),
          mem: milli(Math.ceil(whole.mem / 2)),
        })
      : whole;
    const rest = whole.minus(part);
    this.#held.splice(index, 1);
    if (!rest.isEmpty) this.#held.push({ ...record, resources: rest });
    const client = this.#client(record);
    const parts = this.#plain.held[record.agent]!;
    const at = parts.findIndex(
      (held) => held.client === client && held.amount.join() === amountOf(whole).join(),
    );
    parts.splice(at, 1);
    if (!rest.isEmpty) parts.push({ client, amount: amountOf(rest) });
    if (refuseSeconds !== null) {
      const expiry = this.#world.now + Math.max(1, refuseSeconds) * 1e6;
      const isLate = expiry === this.#nextTick;
      this.#plain.filters.push({ client, agent: record.agent, refused: amountOf(part), expiry, isLate });
    }
    this.#world.giveBack(record, refuseSeconds, part);
  }

  #advance(seconds: number): void {
    const until = this.#world.now + seconds * 1e6;
    for (; this.#nextTick <= until; this.#nextTick += 1e6) {
      this.#plain.expire(this.#nextTick, false);
      // A tick at a time, so that each cycle's visits are known.
      this.#world.now = micros(this.#nextTick);
      this.#world.allocator.advance(this.#world.now);
      this.#compare();
      this.#plain.expire(this.#nextTick, true);
    }
    this.#world.now = micros(until);
    this.#world.allocator.advance(this.#world.now);
    this.#plain.expire(until, true);
  }

  /** The plain cycle takes the agents as they were visited, then those that were not: nobody may want these. */
  #compare(only: readonly number[] | null = null): void {
    const visited = this.#visits.splice(0);
    const all = only ?? this.#plain.total.map((_, agent) => agent);
    const order = [...visited, ...all.filter((agent) => !visited.includes(agent))];
    const given = this.#world.take();
    const texts = given.map(
      ({ framework, role, agent, resources: what }) =>
        `${framework} ${this.#world.allocator.roleName(role)} ${agent} ${amountOf(what).join()}`,
    );
    expect(texts.sort()).toEqual(this.#plain.cycle(order));
    this.#held.push(...given);
    this.#world.allocator.checkInvariants();
  }

  #client({ framework, role }: Given): PlainClient {
    const name = this.#world.allocator.roleName(role);
    return this.#plain.clients.find((client) => client.framework === framework && client.role === name)!;
  }
}

test('many frameworks on many agents are given what a plain cycle gives, agent by agent', () => {
  const deed: fc.Arbitrary<Deed> = fc.tuple(
    fc.constantFrom<Deed[0]>(
      ...(['return', 'return', 'return', 'return', 'half', 'half'] as const),
      ...(['suppress', 'revive', 'advance', 'advance', 'addAgent'] as const),
    ),
    fc.nat(1000),
    fc.nat(1000),
  );
  fc.assert(
    fc.property(fc.array(deed, { minLength: 20, maxLength: 150, size: 'max' }), (history) => {
      const twins = new Twins();
      for (let agent = 0; agent < 6; agent++) twins.do(['addAgent', agent, 0]);
      for (const step of history) twins.do(step);
    }),
  );
});

test('memory does not grow with time: refusals that were revived or ran out leave nothing', () => {
  const world = new TestWorld();
  for (let agent = 0; agent < 5; agent++) world.addAgent(agent, 'cpus:1;mem:100');
  world.addFramework(0, 'r');
  for (let round = 0; round < 2000; round++) {
    for (const given of world.take()) world.giveBack(given, round % 2 === 0 ? 365 * 86_400 : 1.5);
    world.allocator.reviveOffers(world.now, 0 as Framework, []);
    world.advance(0.25);
  }
  expect(world.allocator.metrics().offerFiltersActive).toBe(0);
  world.allocator.checkInvariants();
});

test('a framework without subscription is forgotten when the last of what it holds comes back', () => {
  const world = new TestWorld();
  world.addAgent(0, 'cpus:1;mem:100');
  world.addFramework(0, 'gone');
  const [given] = world.take();
  const info = frameworkInfo([], 0);
  world.allocator.updateFramework(world.now, 0 as Framework, info);
  expect(world.allocator.roleOrder()).toHaveLength(1);
  world.giveBack(given!, 5);
  expect(world.allocator.roleOrder()).toEqual([]);
  world.advance(10);
  world.allocator.checkInvariants();
});
