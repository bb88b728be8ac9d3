import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Micros, micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { Agent, AllocationSink, Framework, Role } from '../../engine/master/index.ts';
import { ResourceLimits, type Resources } from '../../engine/resources/index.ts';
import { BatchTicks } from './batch-ticks.ts';
import { HierarchicalDrf } from './index.ts';
import { agentInfo, frameworkInfo, OPTIONS, quantities, resources, TestWorld } from './test-world.ts';

const HALF_SECOND = MICROS_PER_SECOND / 2;
const AGENTS = 3;
const FRAMEWORKS = 3;
const ROLES = ['a', 'b'];

interface Held {
  readonly framework: Framework;
  readonly role: Role;
  readonly agent: Agent;
  readonly resources: Resources;
}

/** An allocator whose clock rings at every tick, or only when it asks for it. Logs what it gives, and when. */
class Ringing implements AllocationSink {
  readonly allocator: HierarchicalDrf;
  readonly log: string[] = [];
  held: Held[] = [];
  rings = 0;
  now = micros(0);
  readonly #ringsAlways: boolean;
  readonly #agents = new Set<number>();
  readonly #frameworks = new Set<number>();

  constructor(ringsAlways: boolean) {
    this.#ringsAlways = ringsAlways;
    this.allocator = new HierarchicalDrf(this.now, OPTIONS, this);
  }

  allocated(framework: Framework, role: Role, agent: Agent, given: Resources): void {
    this.held.push({ framework, role, agent, resources: given });
    this.log.push(`${this.now}: ${framework} ${role} ${agent} ${given.toString()}`);
  }

  inverseOffer(framework: Framework, agent: Agent): void {
    this.log.push(`${this.now}: inverse ${framework} ${agent}`);
  }

  /** Everything that is to ring up to `instant` rings, each at its own. */
  wait(instant: Micros): void {
    for (;;) {
      const asked = this.allocator.nextDeadline();
      const grid = Math.floor(this.now / MICROS_PER_SECOND + 1) * MICROS_PER_SECOND;
      const next = this.#ringsAlways ? Math.min(grid, asked ?? grid) : (asked ?? Infinity);
      if (next > instant) break;
      this.now = micros(next);
      this.rings++;
      this.allocator.advance(this.now);
    }
    this.now = instant;
  }

  do([kind, x, y, z]: Command): void {
    const { allocator, now } = this;
    const agent = (x % AGENTS) as Agent;
    const framework = (x % FRAMEWORKS) as Framework;
    const roles = ROLES.map((name) => allocator.role(name));
    const isAgent = this.#agents.has(agent);
    const isFramework = this.#frameworks.has(framework);
    switch (kind) {
      case 'agent':
        if (isAgent && y % 4 === 0) this.#removeAgent(agent);
        if (isAgent) return;
        this.#agents.add(agent);
        return allocator.addAgent(now, agent, agentInfo(resources('cpus:4;mem:400')), []);
      case 'switch':
        if (!isAgent) return;
        return y % 2 === 0 ? allocator.activateAgent(now, agent) : allocator.deactivateAgent(now, agent);
      case 'framework':
        if (isFramework) return;
        this.#frameworks.add(framework);
        return allocator.addFramework(now, framework, frameworkInfo(roles.slice(y % 2), framework), true, []);
      case 'suppress':
        return isFramework ? allocator.suppressOffers(now, framework, []) : undefined;
      case 'revive':
        return isFramework ? allocator.reviveOffers(now, framework, []) : undefined;
      case 'request':
        if (!isFramework) return;
        return allocator.requestResources(now, framework, roles[1]!, quantities(`cpus:${1 + (y % 5)}`));
      case 'quota': {
        const guarantees = quantities(y % 3 === 0 ? '' : `cpus:${y % 4};mem:100`);
        return allocator.setQuota(now, roles[x % 2]!, { guarantees, limits: ResourceLimits.UNLIMITED });
      }
      case 'outage': {
        if (!isAgent) return;
        return allocator.setUnavailability(now, agent, y % 2 === 0 ? null : { start: now, duration: null });
      }
      case 'giveBack': {
        if (this.held.length === 0) return;
        const [given] = this.held.splice(y % this.held.length, 1);
        const refuse = [null, 0, 0.4, 1, 1.5, 3, 60][z % 7]!;
        const filter = refuse === null ? null : micros(refuse * MICROS_PER_SECOND);
        const { framework: holder, role, agent: on, resources: what } = given!;
        return allocator.recoverResources(now, holder, role, on, what, filter);
      }
    }
  }

  #removeAgent(agent: Agent): void {
    this.#agents.delete(agent);
    this.held = this.held.filter((given) => given.agent !== agent);
    this.allocator.removeAgent(this.now, agent);
  }
}

type Command = readonly [kind: (typeof KINDS)[number], x: number, y: number, z: number];

const KINDS = [
  'agent',
  'switch',
  'framework',
  'suppress',
  'revive',
  'request',
  'quota',
  'outage',
  'giveBack',
  'giveBack',
  'giveBack',
  'giveBack',
] as const;

const number = fc.noBias(fc.nat(1000));
const step = fc.record({
  halfSeconds: fc.constantFrom(0, 0, 0, 1, 2, 3, 20),
  command: fc.tuple(fc.constantFrom(...KINDS), number, number, number),
});

describe('batch ticks', () => {
  test('that are skipped because nothing could come of them leave every allocation, instant and count as if they had fired', () => {
    let saved = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const [always, asked] = [new Ringing(true), new Ringing(false)];
        for (const { halfSeconds, command } of steps) {
          for (const world of [always, asked]) {
            world.wait(micros(world.now + halfSeconds * HALF_SECOND));
            world.do(command);
          }
          expect(asked.log).toEqual(always.log);
          expect(asked.allocator.metrics(asked.now)).toEqual(always.allocator.metrics(always.now));
        }
        const end = micros(always.now + 100 * MICROS_PER_SECOND);
        for (const world of [always, asked]) {
          world.wait(end);
          world.allocator.advance(end);
        }
        expect(asked.log).toEqual(always.log);
        expect(asked.allocator.metrics()).toEqual(always.allocator.metrics());
        expect(asked.rings).toBeLessThanOrEqual(always.rings);
        saved += always.rings - asked.rings;
      }),
      { numRuns: fc.readConfigureGlobal().numRuns ?? 300 },
    );
    expect(saved).toBeGreaterThan(0);
  });

  test('are not asked for on an idle cluster, and counted when the clock is next heard of', () => {
    const world = new TestWorld();
    expect(world.allocator.nextDeadline()).toBeNull();
    world.addAgent(0, 'cpus:1;mem:100');
    expect(world.allocator.nextDeadline()).toBeNull();
    const later = micros(90_000 * MICROS_PER_SECOND);
    expect(world.allocator.metrics(later).allocationRuns).toBe(90_001);
    expect(world.allocator.metrics().allocationRuns).toBe(1);
    world.advance(90_000);
    expect(world.allocator.metrics().allocationRuns).toBe(90_001);
  });

  test('are asked for once a filter may have ended, and not before', () => {
    const world = new TestWorld();
    world.addFramework(0, 'r');
    world.addAgent(0, 'cpus:1;mem:100');
    world.giveBack(world.take()[0]!, 5.5);
    world.advance(1);
    expect(world.allocator.nextDeadline()).toBe(6 * MICROS_PER_SECOND);
    world.advance(5);
    expect(world.take()).toHaveLength(1);
  });

  test('stay on the grid whatever is passed over', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 5e5 }),
        fc.nat(1e7),
        fc.nat(1e7),
        (start, interval, ahead, bound) => {
          const skipping = new BatchTicks(micros(start), micros(interval));
          const plain = new BatchTicks(micros(start), micros(interval));
          const now = micros(start + ahead);
          let count = 0;
          for (; plain.next <= now && plain.next < start + bound; count++) plain.pass();
          expect(skipping.passUntil(now, start + bound)).toBe(count);
          expect(skipping.next).toBe(plain.next);
        },
      ),
    );
  });
});
