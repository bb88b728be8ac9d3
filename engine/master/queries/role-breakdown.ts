import { isTerminal } from '../../protocol/index.ts';
import { ancestors, type Quantities, type Resources } from '../../resources/index.ts';
import type { AgentRecord } from '../agent-record.ts';
import { countedQuantities, Tally } from '../quota-consumption.ts';
import type { MasterState } from '../state.ts';
import { ResourceSum } from './resource-sum.ts';

/** Scalars that a role holds together with all roles below it. */
export interface RoleBreakdown {
  /** By tasks and executors. */
  readonly allocated: Quantities;
  readonly offered: Quantities;
  /** On all agents, in use or not. */
  readonly reserved: Quantities;
  /** What counts against a quota (spec 08 §4): all reservations, and what is allocated of the rest. Offers do not count. */
  readonly consumed: Quantities;
}

/** What roles hold, told apart (`/roles`, spec 05 §C). First `gather`, then ask for each role. */
export class RoleBreakdowns {
  readonly #master: MasterState;
  /** By exact role. */
  readonly #allocated = new Map<string, ResourceSum>();
  readonly #offered = new Map<string, ResourceSum>();
  readonly #reserved = new Map<string, Tally>();
  readonly #totals = new Map<string, { readonly [Field in keyof RoleBreakdown]: Tally }>();

  constructor(master: MasterState) {
    this.#master = master;
  }

  /** Agent by agent, each of the instant it is asked for: a driver may let the master go on in between. */
  *gather(): Generator<void> {
    for (const agent of this.#master.agents) {
      this.#addHeld(agent);
      this.#addReserved(agent.info.resources);
      yield;
    }
    for (const [role, sum] of this.#allocated) {
      const total = sum.total();
      const counted = countedQuantities(total);
      const quantities = total.quantities();
      for (const { allocated, consumed } of this.#upwards(role)) {
        allocated.add(quantities);
        consumed.add(counted);
      }
    }
    for (const [role, sum] of this.#offered) {
      const quantities = sum.total().quantities();
      for (const { offered } of this.#upwards(role)) offered.add(quantities);
    }
    for (const [role, tally] of this.#reserved) {
      const quantities = tally.quantities();
      for (const { reserved, consumed } of this.#upwards(role)) {
        reserved.add(quantities);
        consumed.add(quantities);
      }
    }
  }

  of(role: string): RoleBreakdown {
    const { allocated, offered, reserved, consumed } = this.#totals.get(role) ?? NOTHING;
    return {
      allocated: allocated.quantities(),
      offered: offered.quantities(),
      reserved: reserved.quantities(),
      consumed: consumed.quantities(),
    };
  }

  #addHeld(agent: AgentRecord): void {
    const { allocator, offers } = this.#master;
    for (const { state, role, info } of agent.tasks)
      if (!isTerminal(state)) add(this.#allocated, allocator.roleName(role), info.resources);
    for (const { role, info } of agent.executors)
      add(this.#allocated, allocator.roleName(role), info.resources);
    for (let slot = agent.offerHead; slot !== -1; slot = offers.nextOfAgent(slot)) {
      const { role, resources } = offers.offer(slot);
      add(this.#offered, role, resources);
    }
  }

  #addReserved(resources: Resources): void {
    const reserved = resources.reserved();
    if (reserved.isEmpty) return;
    const roles = new Set<string>();
    for (const { identity } of reserved.entries) roles.add(identity.reservations.at(-1)!.role);
    for (const role of roles) {
      let tally = this.#reserved.get(role);
      if (tally === undefined) this.#reserved.set(role, (tally = new Tally()));
      tally.add(reserved.reserved(role).quantities());
    }
  }

  /** Of the role and of those above it. */
  *#upwards(role: string) {
    for (const name of [role, ...ancestors(role)]) {
      let total = this.#totals.get(name);
      if (total === undefined) {
        total = {
          allocated: new Tally(),
          offered: new Tally(),
          reserved: new Tally(),
          consumed: new Tally(),
        };
        this.#totals.set(name, total);
      }
      yield total;
    }
  }
}

const NOTHING = {
  allocated: new Tally(),
  offered: new Tally(),
  reserved: new Tally(),
  consumed: new Tally(),
};

function add(sums: Map<string, ResourceSum>, role: string, resources: Resources): void {
  let sum = sums.get(role);
  if (sum === undefined) sums.set(role, (sum = new ResourceSum()));
  sum.add(resources, role);
}
