import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PLAIN_SUBJECT, type ScenarioSorter } from '../contract/index.ts';
import { DrfSorter } from './index.ts';
import { quantities, resources } from './test-world.ts';

describe('the sorter', () => {
  test('a used role that gets its first child hands its count to the virtual leaf, and keeps the subtree count when it loses it', () => {
    const sorter = new DrfSorter({ fairnessExclude: [] });
    for (const client of ['a', 'b']) {
      sorter.addClient(client);
      sorter.activate(client);
    }
    sorter.allocated('a', 'agent', resources('cpus:1'));
    sorter.unallocated('a', 'agent', resources('cpus:1'));
    expect(sorter.order()).toEqual(['b', 'a']);
    sorter.addClient('a/x');
    sorter.activate('a/x');
    expect(sorter.order()).toEqual(['b', 'a/x', 'a']);
    sorter.allocated('b', 'agent', resources('cpus:1'));
    sorter.allocated('a/x', 'agent', resources('cpus:1'));
    sorter.removeClient('a/x');
    expect(sorter.order()).toEqual(['b', 'a']);
  });

  test('names beyond the predefined four count in shares', () => {
    const sorter = new DrfSorter({ fairnessExclude: [] });
    sorter.addAgent('agent', quantities('cpus:10;bandwidth:100;seats:4'));
    sorter.addClient('a');
    sorter.addClient('b');
    sorter.allocated('a', 'agent', resources('cpus:1;seats:1'));
    sorter.allocated('b', 'agent', resources('cpus:1;bandwidth:30'));
    expect(sorter.share('a')).toBe(0.25);
    expect(sorter.share('b')).toBe(0.3);
    sorter.checkInvariants();
  });
});

const CLIENTS = ['a', 'a/x', 'a/x/p', 'a/y', 'b', 'b/z', '*'];
const AGENTS = ['s1', 's2'];
const AMOUNTS = ['cpus:1', 'cpus:2;mem:10', 'mem:30;disk:5', 'cpus:1;licences:2'];
const TOTALS = ['cpus:10;mem:100', 'cpus:4;mem:200;disk:50;licences:8', 'disk:5'];

type Deed = readonly [
  'toggleClient' | 'toggleActivity' | 'allocate' | 'return' | 'replace' | 'weigh' | 'toggleAgent',
  number,
  number,
  number,
];

/** Drives one sorter; the state that decides what is possible is kept beside it. */
class Driver {
  readonly sorter: ScenarioSorter;
  readonly #clients = new Map<string, boolean>();
  readonly #held: [string, string, string][] = [];
  readonly #agents = new Set<string>();

  constructor(sorter: ScenarioSorter) {
    this.sorter = sorter;
  }

  do([kind, x, y, z]: Deed): void {
    const client = CLIENTS[x % CLIENTS.length]!;
    const agent = AGENTS[y % AGENTS.length]!;
    const amount = AMOUNTS[z % AMOUNTS.length]!;
    const isActive = this.#clients.get(client);
    switch (kind) {
      case 'toggleClient':
        return this.#toggle(client, isActive);
      case 'toggleActivity':
        if (isActive === undefined) return;
        this.#clients.set(client, !isActive);
        return isActive ? this.sorter.deactivate(client) : this.sorter.activate(client);
      case 'allocate':
        if (isActive === undefined) return;
        this.#held.push([client, agent, amount]);
        return this.sorter.allocated(client, agent, resources(amount));
      case 'return': {
        const [held] = this.#held.splice(x % Math.max(1, this.#held.length), 1);
        if (held !== undefined) this.sorter.unallocated(held[0], held[1], resources(held[2]));
        return;
      }
      case 'replace': {
        const held = this.#held[x % Math.max(1, this.#held.length)];
        if (held === undefined) return;
        this.sorter.updateAllocation(held[0], held[1], resources(held[2]), resources(amount));
        held[2] = amount;
        return;
      }
      case 'weigh':
        return this.sorter.setWeight(client, [0.5, 1, 2, 3][z % 4]!);
      case 'toggleAgent':
        if (this.#agents.delete(agent)) return this.sorter.removeAgent(agent);
        this.#agents.add(agent);
        return this.sorter.addAgent(agent, quantities(TOTALS[z % TOTALS.length]!));
    }
  }

  /** All that can be seen. */
  view(): unknown {
    return {
      order: this.sorter.order(),
      count: this.sorter.count(),
      total: this.sorter.totalAllocated().toString(),
      clients: [...this.#clients.keys()].map((client) => [
        client,
        this.sorter.share(client),
        this.sorter.quantities(client).toString(),
        AGENTS.map((agent) => this.sorter.allocation(client, agent).toString()),
      ]),
    };
  }

  #toggle(client: string, isActive: boolean | undefined): void {
    if (isActive === undefined) {
      this.#clients.set(client, false);
      this.sorter.addClient(client);
      return;
    }
    this.#clients.delete(client);
    this.sorter.removeClient(client);
    for (let index = this.#held.length - 1; index >= 0; index--) {
      if (this.#held[index]![0] === client) this.#held.splice(index, 1);
    }
  }
}

test('the sorter agrees with the plain one through any history', () => {
  const deed: fc.Arbitrary<Deed> = fc.tuple(
    fc.constantFrom<Deed[0]>(
      'toggleClient',
      'toggleClient',
      'toggleActivity',
      'toggleActivity',
      'allocate',
      'allocate',
      'allocate',
      'return',
      'return',
      'replace',
      'weigh',
      'toggleAgent',
    ),
    fc.nat(1000),
    fc.nat(1000),
    fc.nat(1000),
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 80, size: 'max' }), (history) => {
      const tested = new DrfSorter({ fairnessExclude: ['disk'] });
      const fast = new Driver(tested);
      const plain = new Driver(PLAIN_SUBJECT.sorter!(['disk']));
      for (const step of history) {
        fast.do(step);
        plain.do(step);
        expect(fast.view()).toEqual(plain.view());
        tested.checkInvariants();
      }
    }),
  );
});
