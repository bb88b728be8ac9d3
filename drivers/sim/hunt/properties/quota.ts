import { HierarchicalDrf } from '../../../../allocators/hierarchical-drf/index.ts';
import type { AgentId } from '../../../../engine/core/index.ts';
import type { MasterMachine, MasterOutput } from '../../../../engine/master/index.ts';
import { isTerminal } from '../../../../engine/protocol/index.ts';
import type { Resources } from '../../../../engine/resources/index.ts';
import { expectThat, type Property } from '../property.ts';
import { joiningAgent } from './joining-agent.ts';

/** Consumption of one top-level role, per kind, thousandths. */
interface Account {
  readonly consumed: Map<string, number>;
}

/** Unreserved, non-revocable amounts offered in one step: to the top-level role itself, and to its whole subtree. */
interface Offered {
  readonly itself: Map<string, number>;
  readonly subtree: Map<string, number>;
  /** Per kind that was offered to the role itself: how many agents had come in the step when it was offered last. */
  readonly joinedBefore: Map<string, number>;
}

/**
 * S7, quota: an offer never takes a role beyond its limit, and what is offered beyond guarantees never takes what others' guarantees still need:
 * if they could be met before a cycle, they can be met after it. Looked at after each step that made offers.
 */
export function quota(): Property {
  const offered = new Map<string, Offered>();
  /**
   * Agents that came, or came back, in the step, in order: a registry's answer may let in several. What those bring that came after an offer the allocator
   * could not know.
   */
  const joined: AgentId[] = [];
  /** Agents came or went after the first offers of the step: what was left for guarantees then is not what is left now. */
  let disturbed = false;
  /** Whose they are: two masters may believe that they lead. */
  let stepping = -1;
  return {
    id: 'S7',
    masterOutput(_now, master, output) {
      // An operator's call came to be done after the offers: they were made under other quotas, and some are rescinded by now.
      if (output.kind === 'answerCall' && output.status === 200 && master === stepping) offered.clear();
      const joining = joiningAgent(output);
      if (joining !== null || isLeaving(output)) disturbed ||= master === stepping && offered.size > 0;
      if (joining === null && (output.kind !== 'event' || output.event.type !== 'OFFERS')) return;
      if (master !== stepping) {
        offered.clear();
        joined.length = 0;
        disturbed = false;
        stepping = master;
      }
      if (joining !== null) joined.push(joining);
      if (output.kind !== 'event' || output.event.type !== 'OFFERS') return;
      for (const { role, resources } of output.event.offers) {
        const top = topOf(role);
        let sums = offered.get(top);
        if (sums === undefined) {
          sums = { itself: new Map(), subtree: new Map(), joinedBefore: new Map() };
          offered.set(top, sums);
        }
        const part = resources.unreserved().nonRevocable();
        addTo(sums.subtree, part);
        if (top !== role) continue;
        addTo(sums.itself, part);
        for (const { identity } of part.entries) sums.joinedBefore.set(identity.name, joined.length);
      }
    },
    masterInput(_now, master, _input, machine) {
      if (master !== stepping) return;
      if (offered.size > 0 && machine.isLeading) checkQuota(machine, offered, joined, disturbed);
      offered.clear();
      joined.length = 0;
      disturbed = false;
    },
  };
}

function isLeaving(output: MasterOutput): boolean {
  return output.kind === 'event' && output.event.type === 'FAILURE' && output.event.executorId === null;
}

function checkQuota(
  leader: MasterMachine,
  offered: ReadonlyMap<string, Offered>,
  joined: readonly AgentId[],
  disturbed: boolean,
): void {
  const { allocator } = leader.state;
  if (!(allocator instanceof HierarchicalDrf)) return;
  const { quotas } = allocator.scene();
  if (quotas.size === 0) return;
  const { accounts, free } = accountsOf(leader);
  const required = new Map<string, number>();
  for (const [role, { guarantees, limits }] of quotas) {
    const name = allocator.roleName(role);
    const consumed = accounts.get(name)?.consumed ?? new Map<string, number>();
    for (const kind of guarantees.names) {
      const missing = guarantees.get(kind) - (consumed.get(kind) ?? 0);
      if (missing > 0) required.set(kind, (required.get(kind) ?? 0) + missing);
    }
    const sums = offered.get(name);
    if (sums === undefined) continue;
    // As in Mesos, what goes to a role below is not cut to the limit, but counts against it (spec 16 §5).
    for (const [kind, amount] of sums.itself) {
      const late = joined.slice(sums.joinedBefore.get(kind) ?? 0);
      const limit = limits.get(kind);
      const below = (sums.subtree.get(kind) ?? 0) - amount;
      expectThat(
        limit === null ||
          amount === 0 ||
          (consumed.get(kind) ?? 0) - below - broughtTo(leader, name, kind, late) <= limit,
        'S7',
        () =>
          `role ${name} is offered ${amount} thousandths of ${kind}: with that it has ${consumed.get(kind)}, and its limit is ${limit}`,
      );
    }
  }
  if (disturbed) return;
  const beyond = new Map<string, number>();
  for (const [name, { subtree }] of offered) {
    const guarantees = quotas.get(allocator.role(name))?.guarantees ?? null;
    for (const [kind, amount] of subtree) {
      const over = (accounts.get(name)?.consumed.get(kind) ?? 0) - (guarantees?.get(kind) ?? 0);
      if (over > 0) beyond.set(kind, (beyond.get(kind) ?? 0) + Math.min(over, amount));
    }
  }
  for (const [kind, amount] of beyond) {
    const wanted = required.get(kind) ?? 0;
    const left = free.get(kind) ?? 0;
    expectThat(
      amount === 0 || wanted <= left || wanted > left + amount,
      'S7',
      () =>
        `${amount} thousandths of ${kind} are offered beyond guarantees in one step; ${left} are left, and guarantees lack ${wanted}`,
    );
  }
}

/** Spec 08 §4: reservations of the subtree, allocated or not, and unreserved non-revocable resources offered or in use. */
function accountsOf(leader: MasterMachine): { accounts: Map<string, Account>; free: Map<string, number> } {
  const { state } = leader;
  const accounts = new Map<string, Account>();
  const free = new Map<string, number>();
  const account = (role: string): Map<string, number> => {
    const top = topOf(role);
    let found = accounts.get(top);
    if (found === undefined) {
      found = { consumed: new Map() };
      accounts.set(top, found);
    }
    return found.consumed;
  };
  for (const agent of state.agents) {
    const { resources } = agent.info;
    for (const entry of resources.entries) {
      const { reservations, name } = entry.identity;
      if (reservations.length === 0 || entry.ranges !== null || entry.items !== null) continue;
      const sums = account(reservations.at(-1)!.role);
      sums.set(name, (sums.get(name) ?? 0) + entry.scalar);
    }
    let left = resources.unreserved().nonRevocable();
    const take = (role: string, held: Resources): void => {
      const part = held.unreserved().nonRevocable();
      if (part.isEmpty) return;
      addTo(account(role), part);
      left = left.minus(part);
    };
    for (const task of agent.tasks) {
      if (!isTerminal(task.state)) take(state.allocator.roleName(task.role), task.info.resources);
    }
    for (const { role, info } of agent.executors) take(state.allocator.roleName(role), info.resources);
    for (let slot = agent.offerHead; slot !== -1; slot = state.offers.nextOfAgent(slot)) {
      take(state.offers.offer(slot).role, state.offers.offer(slot).resources);
    }
    // Agents that are away for the moment count, as in Mesos.
    addTo(free, left);
  }
  return { accounts, free };
}

/** What the tasks and executors of `role` and below hold of a kind on those agents, unreserved and non-revocable, and what is reserved to it there. */
function broughtTo(leader: MasterMachine, top: string, kind: string, agents: readonly AgentId[]): number {
  if (agents.length === 0) return 0;
  const { state } = leader;
  const sums = new Map<string, number>();
  for (const id of agents) {
    const agent = state.agentsById.get(id);
    if (agent === undefined) continue;
    for (const { identity, scalar, ranges, items } of agent.info.resources.entries) {
      const owner = identity.reservations.at(-1)?.role;
      if (owner === undefined || topOf(owner) !== top || ranges !== null || items !== null) continue;
      sums.set(identity.name, (sums.get(identity.name) ?? 0) + scalar);
    }
    for (const task of agent.tasks) {
      if (isTerminal(task.state) || topOf(state.allocator.roleName(task.role)) !== top) continue;
      addTo(sums, task.info.resources.unreserved().nonRevocable());
    }
    for (const { role, info } of agent.executors) {
      if (topOf(state.allocator.roleName(role)) === top)
        addTo(sums, info.resources.unreserved().nonRevocable());
    }
  }
  return sums.get(kind) ?? 0;
}

function addTo(sums: Map<string, number>, resources: Resources): void {
  for (const { identity, scalar, ranges, items } of resources.entries) {
    if (ranges === null && items === null) sums.set(identity.name, (sums.get(identity.name) ?? 0) + scalar);
  }
}

function topOf(role: string): string {
  const slash = role.indexOf('/');
  return slash === -1 ? role : role.slice(0, slash);
}
