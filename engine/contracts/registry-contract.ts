import { assert, type MasterEpoch, type Micros, micros, MICROS_PER_MILLISECOND } from '../core/index.ts';
import type { RegistryOperation } from '../registry/index.ts';
import { type ContractCase, same } from './contract-case.ts';

export type RegistryAbility =
  /** What is durable outlives the master's process. */
  | 'outlives'
  /** Its writes can fail. */
  | 'fails';

/** What a master is told of its registry (`MasterInput`). */
export type RegistryNews =
  | { readonly kind: 'registryDurable'; readonly upTo: number }
  | { readonly kind: 'registryFailed' };

/** What a new master finds. */
export interface FoundRegistry {
  /** That it leads with: higher than all before it. */
  readonly epoch: MasterEpoch;
  /** Those that have a weight, in the order in which they got it. */
  readonly roles: readonly string[];
}

/** A master's process, one after the other, and the store that they have in common. */
export interface RegistryWorld {
  /** To the process of now, oldest first. */
  readonly told: readonly RegistryNews[];
  /** The outputs of one step of the master: `persist` of each, `index` on. */
  persist(index: number, operations: readonly RegistryOperation[]): void;
  pass(duration: Micros): Promise<void>;
  until(holds: () => boolean): Promise<boolean>;
  /** The process ends at once, whatever is under way. */
  kill(): Promise<void>;
  /** The next one starts, and reads. */
  start(): Promise<FoundRegistry>;
  /** Until the next start no write succeeds. */
  breakDown(): Promise<void>;
}

/** One master's writes: the first one makes its epoch known, as every master's does, each other one gives one more role a weight. */
class Writer {
  readonly #world: RegistryWorld;
  readonly #first: number;
  #count = 1;

  /** @param found what was in the registry at its start */
  constructor(world: RegistryWorld, { epoch, roles }: FoundRegistry) {
    this.#world = world;
    this.#first = roles.length;
    world.persist(1, [{ kind: 'masterElected', epoch }]);
  }

  /** Roles that it has given weights. */
  get roles(): number {
    return this.#count - 1;
  }

  /** Those of which it was told that this is durable. */
  get durableRoles(): number {
    return Math.max(0, this.#durable - 1);
  }

  /** Gives roles weights, in one step. */
  write(count = 1): void {
    const index = this.#count + 1;
    const operations = Array.from({ length: count }, (_one, n) => roleOf(this.#first + this.roles + n));
    this.#count += count;
    this.#world.persist(index, operations);
  }

  /** The number of the last write that was told to be durable. */
  get #durable(): number {
    let last = 0;
    for (const news of this.#world.told) if (news.kind === 'registryDurable') last = news.upTo;
    return last;
  }

  async allDurable(): Promise<void> {
    assert(
      await this.#world.until(() => this.#durable === this.#count),
      `all ${this.#count} writes become durable`,
    );
  }

  /** Writes become durable in their order, and none that was not made. */
  check(): void {
    let last = 0;
    for (const news of this.#world.told) {
      if (news.kind !== 'registryDurable') continue;
      assert(news.upTo > last, 'each time something more is durable');
      assert(news.upTo <= this.#count, 'nothing is durable that was not written');
      last = news.upTo;
    }
  }
}

function roleOf(n: number): RegistryOperation {
  return { kind: 'weightsUpdated', weightInfos: [{ role: nameOf(n), weight: 2 }] };
}

function nameOf(n: number): string {
  return `role-${n}`;
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_one, n) => nameOf(n));
}

type Case = ContractCase<RegistryWorld, RegistryAbility>;

/** What follows a master's `persist` (`MasterOutput`, `MasterInput`; spec 13 §3). */
export const REGISTRY_CONTRACT: readonly Case[] = [
  {
    name: 'a new registry is empty, and what is written becomes durable, in order',
    needs: [],
    run: async (world) => {
      const found = await world.start();
      same(found.roles, [], 'what it holds');
      same(world.told, [], 'what was told before a write');
      const writer = new Writer(world, found);
      writer.write();
      await writer.allDurable();
      for (let step = 1; step <= 20; step++) {
        writer.write(step % 5 === 0 ? 4 : 1);
        if (step % 3 === 0) await world.pass(micros(MICROS_PER_MILLISECOND));
      }
      await writer.allDurable();
      writer.check();
    },
  },
  {
    name: 'of what was told to be durable the next master finds all, and numbers its own writes from 1 again',
    needs: ['outlives'],
    run: async (world) => {
      let [epoch, before] = [0, 0];
      for (let round = 0; round < 3; round++) {
        const found = await world.start();
        same(found.roles, names(before), 'what the master finds');
        assert(found.epoch > epoch, 'epochs grow');
        ({ epoch } = found);
        const writer = new Writer(world, found);
        for (let step = 0; step < 5; step++) writer.write(2);
        await writer.allDurable();
        writer.check();
        before += writer.roles;
        await world.kill();
      }
    },
  },
  {
    name: 'a master that is killed at any instant leaves a beginning of what it wrote, with all that was told to be durable',
    needs: ['outlives'],
    run: async (world) => {
      let found = await world.start();
      for (let round = 0; round < 8; round++) {
        const before = found.roles.length;
        const writer = new Writer(world, found);
        for (let step = 0; step <= 4 * round; step++) {
          writer.write((step % 3) + 1);
          if (step % 4 === 3) await world.pass(micros(((round % 3) + 1) * 2 * MICROS_PER_MILLISECOND));
        }
        await world.kill();
        const { durableRoles, roles } = writer;
        writer.check();
        found = await world.start();
        const left = found.roles.length;
        same(found.roles, names(left), 'what is left: a beginning, in order');
        assert(left >= before + durableRoles, 'all that was told to be durable is there');
        assert(left <= before + roles, 'nothing is there that was not written');
      }
    },
  },
  {
    name: 'a store that cannot be written is told once, nothing is durable after that, and what was is there',
    needs: ['fails'],
    run: async (world) => {
      const writer = new Writer(world, await world.start());
      writer.write(3);
      await writer.allDurable();
      await world.breakDown();
      writer.write();
      assert(
        await world.until(() => world.told.at(-1)!.kind === 'registryFailed'),
        'the master is told of the failure',
      );
      writer.write();
      await world.pass(micros(300 * MICROS_PER_MILLISECOND));
      same(world.told.filter(({ kind }) => kind === 'registryFailed').length, 1, 'how often it was told');
      same(writer.durableRoles, 3, 'roles told to be durable');
      await world.kill();
      const { roles } = await world.start();
      same(roles.slice(0, 3), names(3), 'what was durable');
      same(roles, names(roles.length), 'what is left: a beginning, in order');
    },
  },
];
