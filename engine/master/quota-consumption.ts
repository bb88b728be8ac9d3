import { milli } from '../core/index.ts';
import { isTerminal } from '../protocol/index.ts';
import { Quantities, reservationRole, type Resources } from '../resources/index.ts';
import type { MasterState } from './state.ts';

/** Quantities by name, to be added to. */
export class Tally {
  readonly #amounts = new Map<string, number>();

  add({ names, values }: Quantities): void {
    for (let index = 0; index < names.length; index++)
      this.#amounts.set(names[index]!, this.get(names[index]!) + values[index]!);
  }

  subtract({ names, values }: Quantities): void {
    for (let index = 0; index < names.length; index++)
      this.#amounts.set(names[index]!, this.get(names[index]!) - values[index]!);
  }

  get(name: string): number {
    return this.#amounts.get(name) ?? 0;
  }

  quantities(): Quantities {
    return Quantities.of([...this.#amounts].map(([name, amount]) => [name, milli(amount)] as const));
  }
}

/** `eng` of `eng/web/front`: quota is of top-level roles and holds for all below them (spec 08 §4). */
export function topLevelRole(role: string): string {
  const slash = role.indexOf('/');
  return slash === -1 ? role : role.slice(0, slash);
}

/** What counts against a quota of what is offered or in use: reservations count by themselves, wherever they are. */
export function countedQuantities(resources: Resources): Quantities {
  return resources.unreserved().nonRevocable().quantities();
}

/**
 * What each top-level role with its subtree holds: all reservations, allocated or not, and what tasks and executors use of the rest
 * (spec 08 §4). O(agents + tasks); only where quotas change.
 */
export function quotaConsumption(master: MasterState): Map<string, Tally> {
  const byRole = new Map<string, Tally>();
  const tallyOf = (role: string): Tally => {
    const top = topLevelRole(role);
    const known = byRole.get(top);
    if (known !== undefined) return known;
    const made = new Tally();
    byRole.set(top, made);
    return made;
  };
  const { allocator } = master;
  for (const agent of master.agents) {
    for (const role of reservedRoles(agent.info.resources))
      tallyOf(role).add(agent.info.resources.reserved(role).quantities());
    for (const task of agent.tasks) {
      if (isTerminal(task.state)) continue;
      tallyOf(allocator.roleName(task.role)).add(countedQuantities(task.info.resources));
    }
    for (const { role, info } of agent.executors)
      tallyOf(allocator.roleName(role)).add(countedQuantities(info.resources));
  }
  return byRole;
}

/** Non-revocable totals of all registered agents, connected or not. */
export function clusterCapacity(master: MasterState): Quantities {
  const capacity = new Tally();
  for (const agent of master.agents) capacity.add(agent.info.resources.nonRevocable().quantities());
  return capacity.quantities();
}

function reservedRoles(resources: Resources): Set<string> {
  const roles = new Set<string>();
  for (const { identity } of resources.entries) {
    const role = reservationRole(identity);
    if (role !== null) roles.add(role);
  }
  return roles;
}
