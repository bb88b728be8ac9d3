import { assertNever } from '../../engine/core/index.ts';
import { Quantities, type Resources } from '../../engine/resources/index.ts';
import {
  flag,
  integer,
  list,
  mapOf,
  name,
  number,
  optional,
  orElse,
  positiveNumber,
  shape,
} from './decode.ts';
import { ExpectationFailed, expectClose, expectSame, expectSameSet, Unsupported } from './failure.ts';
import { kindOf } from './kind.ts';
import { quantities, resources } from './notation.ts';
import { scenarioOptions } from './options.ts';
import type { StepOf } from './scenario.ts';
import type { ScenarioSorter } from './subject.ts';

const SHARE_TOLERANCE = 1e-6;

const SORTER_STEPS = {
  addAgent: shape({ agent: name, quantities }),
  removeAgent: shape({ agent: name }),
  addClient: shape({ client: name, activate: orElse(flag, false) }),
  removeClient: shape({ client: name }),
  activate: shape({ client: name }),
  deactivate: shape({ client: name }),
  setWeight: shape({ path: name, weight: positiveNumber }),
  allocated: shape({ client: name, agent: name, resources }),
  unallocated: shape({ client: name, agent: name, resources }),
  updateAllocation: shape({ client: name, agent: name, old: resources, new: resources }),
  progressiveFill: shape({ agent: name, demands: mapOf(resources), grants: mapOf(integer(0)) }),
  expectOrder: shape({ order: list(name) }),
  expectClients: shape({ clients: list(name) }),
  expectContains: shape({ client: name, result: flag }),
  expectCount: shape({ count: integer(0) }),
  expectAllocation: shape({ client: name, agent: name, resources }),
  expectAllocatedAgents: shape({ client: name, agents: list(name) }),
  expectQuantities: shape({ client: optional(name), quantities }),
  expectShares: shape({ shares: mapOf(number) }),
};

type SorterStep = StepOf<typeof SORTER_STEPS>;

/** The hierarchical fair-share sorter alone (conformance README §8). */
export const SORTER_KIND = kindOf(SORTER_STEPS, ({ options, subject, seed }) => {
  if (subject.sorter === null) throw new Unsupported('this implementation has no sorter of its own');
  const sorter = subject.sorter(scenarioOptions(options, seed).fairnessExclude);
  const totals = new Map<string, Quantities>();
  return {
    perform(step) {
      perform(sorter, totals, step);
    },
    finish() {},
  };
});

function perform(sorter: ScenarioSorter, totals: Map<string, Quantities>, step: SorterStep): void {
  switch (step.op) {
    case 'addAgent':
      totals.set(step.fields.agent, step.fields.quantities);
      return sorter.addAgent(step.fields.agent, step.fields.quantities);
    case 'removeAgent':
      totals.delete(step.fields.agent);
      return sorter.removeAgent(step.fields.agent);
    case 'addClient':
      sorter.addClient(step.fields.client);
      if (step.fields.activate) sorter.activate(step.fields.client);
      return;
    case 'removeClient':
      return sorter.removeClient(step.fields.client);
    case 'activate':
      return sorter.activate(step.fields.client);
    case 'deactivate':
      return sorter.deactivate(step.fields.client);
    case 'setWeight':
      return sorter.setWeight(step.fields.path, step.fields.weight);
    case 'allocated':
      return sorter.allocated(step.fields.client, step.fields.agent, step.fields.resources);
    case 'unallocated':
      return sorter.unallocated(step.fields.client, step.fields.agent, step.fields.resources);
    case 'updateAllocation':
      return sorter.updateAllocation(step.fields.client, step.fields.agent, step.fields.old, step.fields.new);
    case 'progressiveFill':
      return progressiveFill(sorter, totals, step.fields);
    default:
      return expectation(sorter, step);
  }
}

type Deed =
  | 'addAgent'
  | 'removeAgent'
  | 'addClient'
  | 'removeClient'
  | 'activate'
  | 'deactivate'
  | 'setWeight'
  | 'allocated'
  | 'unallocated'
  | 'updateAllocation'
  | 'progressiveFill';

function expectation(sorter: ScenarioSorter, step: Exclude<SorterStep, { op: Deed }>): void {
  switch (step.op) {
    case 'expectOrder':
      return expectSame('the order', step.fields.order, sorter.order());
    case 'expectClients':
      return expectSameSet('the active clients', step.fields.clients, sorter.order());
    case 'expectContains':
      return expectSame('is it a client?', step.fields.result, sorter.contains(step.fields.client));
    case 'expectCount':
      return expectSame('the number of clients', step.fields.count, sorter.count());
    case 'expectAllocation': {
      const actual = sorter.allocation(step.fields.client, step.fields.agent);
      return expectResources('the allocation', step.fields.resources, actual);
    }
    case 'expectAllocatedAgents':
      return expectSameSet(
        'the agents allocated on',
        step.fields.agents,
        sorter.allocatedAgents(step.fields.client),
      );
    case 'expectQuantities': {
      const { client } = step.fields;
      const actual = client === undefined ? sorter.totalAllocated() : sorter.quantities(client);
      return expectSame('what is allocated', step.fields.quantities.toString(), actual.toString());
    }
    case 'expectShares':
      for (const [client, share] of step.fields.shares) {
        expectClose(`the share of ${client}`, share, sorter.share(client), SHARE_TOLERANCE);
      }
      return;
    default:
      return assertNever(step);
  }
}

function expectResources(what: string, expected: Resources, actual: Resources): void {
  if (!actual.equals(expected)) throw new ExpectationFailed(what, expected.toString(), actual.toString());
}

/** Serves the neediest client whose demand still fits, until none fits (Ghodsi et al., NSDI 2011, algorithm 1). */
function progressiveFill(
  sorter: ScenarioSorter,
  totals: ReadonlyMap<string, Quantities>,
  fields: Extract<SorterStep, { op: 'progressiveFill' }>['fields'],
): void {
  let total = Quantities.EMPTY;
  for (const quantities of totals.values()) total = total.plus(quantities);
  const granted = new Map<string, number>();
  const blocked = new Set<string>();
  for (;;) {
    const client = sorter.order().find((candidate) => !blocked.has(candidate));
    if (client === undefined) break;
    const demand = fields.demands.get(client);
    const needed = demand?.quantities() ?? Quantities.EMPTY;
    if (demand === undefined || needed.isEmpty || !fits(total, sorter.totalAllocated(), needed)) {
      blocked.add(client);
      continue;
    }
    sorter.allocated(client, fields.agent, demand);
    granted.set(client, (granted.get(client) ?? 0) + 1);
  }
  const expected = [...fields.grants].map(([client, count]) => `${client}: ${count}`);
  const actual = [...fields.grants.keys()].map((client) => `${client}: ${granted.get(client) ?? 0}`);
  expectSame('the grants', expected, actual);
}

/** Whether `demand` fits into what is free. */
function fits(total: Quantities, allocated: Quantities, demand: Quantities): boolean {
  return total.minus(allocated).contains(demand);
}
