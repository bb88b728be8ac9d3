import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { AllocatorOptions, Framework, Role } from '../../engine/master/index.ts';
import { ResourceLimits } from '../../engine/resources/index.ts';
import { newClient } from './client.ts';
import { DeclinerGuard } from './decliner-guard.ts';
import { type Given, quantities, resources, TestWorld } from './test-world.ts';

const GUARDED: Partial<AllocatorOptions> = { timing: 'event', declinerGuard: true };

/** One agent, and as many frameworks in one role, named by their numbers in order of need. */
function worldOf(frameworks: number, options: Partial<AllocatorOptions>): TestWorld {
  const world = new TestWorld(options);
  for (let framework = 0; framework < frameworks; framework++) world.addFramework(framework, 'a');
  world.addAgent(0, 'cpus:4;mem:400');
  return world;
}

/** Goes on to where something is given next, or until `seconds`. */
function nextGiven(world: TestWorld, seconds: number): Given | null {
  const until = seconds * MICROS_PER_SECOND;
  for (
    let at = world.allocator.nextDeadline();
    at !== null && at <= until;
    at = world.allocator.nextDeadline()
  ) {
    world.now = at;
    world.allocator.advance(at);
    const [given] = world.take();
    if (given !== undefined) return given;
  }
  return null;
}

/** Who is offered the agent, and when, while everybody declines it. */
function turns(world: TestWorld, count: number, refuseSeconds: number): readonly string[] {
  const seen: string[] = [];
  let [given] = world.take() as (Given | null)[];
  for (let turn = 0; turn < count; turn++) {
    seen.push(given == null ? 'nobody' : `${given.framework} at ${world.now / 1_000} ms`);
    if (given == null) break;
    world.giveBack(given, refuseSeconds);
    given = nextGiven(world, 3_600);
  }
  return seen;
}

describe('resources that are declined', () => {
  test('without a filter are shown to all others before the first sees them again, and then not before the tick', () => {
    expect(turns(worldOf(3, GUARDED), 6, 0)).toEqual([
      '0 at 0 ms',
      '1 at 5 ms',
      '2 at 10 ms',
      '0 at 1000 ms',
      '1 at 1005 ms',
      '2 at 1010 ms',
    ]);
  });

  test('by all go to the first again as soon as its filter ends', () => {
    expect(turns(worldOf(2, GUARDED), 4, 2.5)).toEqual([
      '0 at 0 ms',
      '1 at 5 ms',
      '0 at 2505 ms',
      '1 at 2510 ms',
    ]);
  });

  test('by the only framework without a filter are offered to it at the next tick', () => {
    expect(turns(worldOf(1, GUARDED), 3, 0)).toEqual(['0 at 0 ms', '0 at 1000 ms', '0 at 2000 ms']);
  });

  test('reach whoever holds most, which they never do without the guard', () => {
    const takesPart = (options: Partial<AllocatorOptions>): boolean => {
      const world = worldOf(1, options);
      const [mine] = world.take();
      world.addFramework(1, 'b');
      world.addFramework(2, 'c');
      // What is left of framework 0's agent comes and goes; 1 and 2 hold nothing and always decline.
      world.giveBack(mine!, null, resources('cpus:2;mem:200'));
      for (let round = 0; round < 20; round++) {
        const given = nextGiven(world, 60);
        if (given?.framework === 0) return true;
        if (given !== null) world.giveBack(given, 0);
      }
      return false;
    };
    expect(takesPart(GUARDED)).toBe(true);
    expect(takesPart({ timing: 'event', declinerGuard: false })).toBe(false);
    expect(takesPart({ timing: 'mesos', declinerGuard: true })).toBe(false);
  });
});

describe('a framework that declined goes first again', () => {
  const declinedByNeediest = (): { readonly world: TestWorld; readonly given: Given } => {
    const world = worldOf(2, GUARDED);
    world.giveBack(world.take()[0]!, 0);
    const given = nextGiven(world, 1);
    expect(given?.framework).toBe(1);
    return { world, given: given! };
  };

  test('when something of the agent becomes free that nobody declined', () => {
    const { world, given } = declinedByNeediest();
    world.giveBack(given, null, resources('cpus:1;mem:100'));
    expect(nextGiven(world, 1)?.framework).toBe(0);
  });

  test('when it revives', () => {
    const { world, given } = declinedByNeediest();
    world.allocator.reviveOffers(world.now, 0 as Framework, []);
    world.giveBack(given, 0);
    expect(nextGiven(world, 0.5)?.framework).toBe(0);
  });

  test('when the agent changes', () => {
    const { world, given } = declinedByNeediest();
    world.giveBack(given, 0);
    world.allocator.deactivateAgent(world.now, given.agent);
    world.allocator.activateAgent(world.now, given.agent);
    expect(nextGiven(world, 0.5)?.framework).toBe(0);
  });
});

test('a shared-out rest that others may not have is offered to the decliner at the next tick', () => {
  const world = new TestWorld(GUARDED);
  world.addFramework(0, 'a');
  world.addAgent(0, 'cpus:1;mem:100;cpus(a):1;mem(a):100');
  world.giveBack(world.take()[0]!, 0);
  world.addFramework(1, 'b');
  world.now = micros(1_000);
  expect(world.take().map(({ framework }) => framework)).toEqual([1]);
  const rest = nextGiven(world, 2);
  expect(`${rest?.framework} at ${world.now}`).toBe('0 at 1000000');
});

test('metrics count what is declined, and who is passed over for it', () => {
  const world = worldOf(3, GUARDED);
  turns(world, 3, 0);
  // Once each, when the last had declined and nobody was left.
  expect(world.allocator.metrics()).toMatchObject({ declines: 3, declinersPassedOver: 3 });
});

const byNumber = (a: number, b: number): number => a - b;

test('who is behind where is what a list of pairs says, for many clients on many agents', () => {
  const deed = fc.tuple(
    fc.constantFrom('decline', 'decline', 'decline', 'forget', 'begin', 'wait', 'tick'),
    fc.nat(150),
    fc.nat(60),
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 200, size: 'max' }), (deeds) => {
      const guard = new DeclinerGuard();
      let pairs: (readonly [client: number, agent: number])[] = [];
      let waiting: number[] = [];
      for (const [kind, client, agent] of deeds) {
        if (kind === 'decline') {
          guard.declined(newClient(client, client as Framework, 0 as Role), agent);
          pairs.push([client, agent]);
        } else if (kind === 'forget') {
          guard.forget(client);
          pairs = pairs.filter(([one]) => one !== client);
        } else if (kind === 'wait') {
          guard.wait(agent);
          waiting = [...waiting.filter((one) => one !== agent), agent];
        } else {
          const begun = kind === 'tick' ? waiting : [agent];
          if (kind === 'tick') {
            const told: number[] = [];
            guard.beginWaitingRounds((one) => told.push(one));
            expect(told.sort(byNumber)).toEqual([...waiting].sort(byNumber));
          } else {
            guard.beginRound(agent);
          }
          pairs = pairs.filter(([, one]) => !begun.includes(one));
          waiting = waiting.filter((one) => !begun.includes(one));
        }
        expect(guard.hasWaiting).toBe(waiting.length > 0);
        for (const [one, where] of pairs)
          expect(guard.isBehind(one, where) && guard.hasAnyBehind(where)).toBe(true);
        expect(guard.isBehind(client, agent)).toBe(pairs.some(([a, b]) => a === client && b === agent));
      }
    }),
  );
});

test('with quota, who declined what is kept for its own guarantee is asked again at the next tick', () => {
  const world = new TestWorld(GUARDED);
  world.addFramework(0, 'guaranteed');
  world.addAgent(0, 'cpus:4;mem:1000');
  const quota = { guarantees: quantities('cpus:5;mem:2000'), limits: ResourceLimits.UNLIMITED };
  world.allocator.setQuota(world.now, world.role('guaranteed'), quota);
  world.giveBack(world.take()[0]!, 0);
  // Starts a cycle in which nobody else may have it. The guaranteed role's second turn is left out, as it can get nothing there.
  world.addFramework(1, 'nested/other');
  expect(world.take()).toEqual([]);
  expect(world.allocator.nextDeadline()).toBe(MICROS_PER_SECOND);
  world.advance(1);
  expect(world.take()).toMatchObject([{ framework: 0 }]);
});
