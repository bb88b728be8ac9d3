import { edit, type Mutation } from './mutation.ts';

const CYCLE = 'allocators/hierarchical-drf/cycle.ts';
const DRF = 'allocators/hierarchical-drf/hierarchical-drf.ts';
const QUOTA = 'allocators/hierarchical-drf/quota-cycle.ts';

/** Bugs of the allocator and of the arithmetic below it. */
export const ALLOCATOR_MUTATIONS: readonly Mutation[] = [
  {
    id: 'B23',
    title: 'Revive one role, unfilter all',
    edits: [
      edit(
        DRF,
        'const hadFilters = client.filters !== null && client.filters.count > 0; this.#books.filters.clearClient(client);',
        'const hadFilters = client.filters !== null && client.filters.count > 0; for (const each of this.#books.clientsOf(framework)) this.#books.filters.clearClient(each);',
      ),
    ],
    expects: ['S12'],
    note: null,
  },
  {
    id: 'B24',
    title: 'One suppression flag for many roles',
    edits: [
      edit(
        DRF,
        'for (const client of this.#subscribed(framework, roles)) { client.isSuppressed = true; client.demand = null;',
        'for (const client of this.#subscribed(framework, [])) { client.isSuppressed = true; client.demand = null;',
      ),
      edit(
        DRF,
        'for (const client of this.#subscribed(framework, roles)) { const hadFilters',
        'for (const client of this.#subscribed(framework, [])) { const hadFilters',
      ),
    ],
    expects: ['S12', 'L2'],
    note: null,
  },
  {
    id: 'B25',
    title: 'Whole cluster to the first in line',
    edits: [
      edit(CYCLE, 'if (this.#isDisturbed) this.#settle();', ''),
      edit(
        CYCLE,
        'this.#movedOrders[last].moveRight(this.#movedIndices[last]);',
        'const moved = this.#movedOrders[last]; if (moved.disturb) moved.disturb(); else moved.moveRight(this.#movedIndices[last]);',
      ),
    ],
    expects: ['L2'],
    note: 'The order by share is not mended within a cycle.',
  },
  {
    id: 'B26',
    title: 'No offers without both cpu and memory',
    edits: [
      edit(
        'allocators/hierarchical-drf/minimum-offer.ts',
        'if (isCovered(this.#alternatives[index], offer)) return true; } return this.#alternatives.length === 0; }',
        'if (!isCovered(this.#alternatives[index], offer)) return false; } return true; }',
      ),
    ],
    expects: ['L2'],
    note: null,
  },
  {
    id: 'B27',
    title: 'Gaming the guarantee with an odd shape',
    edits: [edit(QUOTA, 'return shrinkToQuantities(divisible, this.unmet(role));', 'return divisible;')],
    expects: ['S7'],
    note: 'Whole agents are given in the stage of guarantees while any kind lacks something.',
  },
  {
    id: 'B28',
    title: "More reservation than quota eats others' headroom",
    edits: [
      edit(
        QUOTA,
        'let left = totals.amount(name) - unallocated.get(name) - special.freeRevocable.get(name);',
        'let left = totals.amount(name) - special.freeRevocable.get(name);',
      ),
    ],
    expects: ['S7'],
    note: 'Unallocated reservations count as headroom, whoever they are reserved for.',
  },
  {
    id: 'B29',
    title: 'Filters outlive their use',
    edits: [
      edit(
        'allocators/hierarchical-drf/expiry-buckets.ts',
        'if (this.#emptyCount > EMPTY_BUCKETS_MAX && this.#emptyCount * 2 > this.#heap.length) this.#dropEmpty();',
        '',
      ),
    ],
    expects: ['L6'],
    note: null,
  },
  {
    id: 'B32',
    title: '0.1 + 0.2 in the ledger',
    edits: [
      edit(
        'engine/resources/resource.ts',
        'return makeResource(identity, milli(a.scalar + b.scalar), null, null, 1);',
        'return makeResource(identity, milli((a.scalar / 1000 + b.scalar / 1000) * 1000), null, null, 1);',
      ),
    ],
    expects: ['S1', 'S9'],
    note: null,
  },
  {
    id: 'B52',
    title: 'Planner and applier disagree for ever',
    edits: [edit(CYCLE, 'if ((client.exclusions & row.restrictions) !== 0) return false;', '')],
    expects: ['S13', 'L7'],
    note: 'The allocator offers what the rules keep from a framework: agents with gpus, and of other regions.',
  },
  {
    id: 'B62',
    title: 'Victim counted twice',
    edits: [
      edit(
        QUOTA,
        'if (slot >= 0) this.#consumed[at] = this.#consumed[at] + value;',
        'if (slot >= 0) this.#consumed[at] = this.#consumed[at] + (isGuaranteed ? value : 0);',
      ),
    ],
    expects: ['S7', 'S2'],
    note: 'There is no preemption: what a cycle has given is not counted against the limit, so that the same room is given twice in it.',
  },
  {
    id: 'B63',
    title: 'Constraint skipped for the second of a pair',
    edits: [
      edit(
        CYCLE,
        'if (client.constraints !== null && client.constraints.excludes(row)) return false;',
        'if (client.constraints !== null && this.#movedCount === 0 && client.constraints.excludes(row)) return false;',
      ),
    ],
    expects: ['S13'],
    note: 'Once something of an agent was placed in a cycle, constraints are not looked at again.',
  },
];
