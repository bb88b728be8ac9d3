import { type AgentId, type Micros, MICROS_PER_SECOND, micros } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import { isTerminal } from '../protocol/index.ts';
import { conversionOf, type Resource, type ResourceOperation, Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { operateOn } from './operator-resources.ts';
import { leaseOf, ownerOf } from './reservation-labels.ts';
import type { MasterState } from './state.ts';

const CHECK_INTERVAL = micros(60 * MICROS_PER_SECOND);

/** A reservation or volume whose owner is not here. */
export interface ReservationOrphan {
  readonly agentId: AgentId;
  readonly owner: string;
  readonly resources: Resources;
  /** When this master first found it without owner; null if it does not watch (option `reservationOwners`). */
  readonly since: Micros | null;
}

/**
 * When what is reserved on an agent was last in use, for leases, and since when it has had no owner. In memory only, so that a new master
 * begins anew: a lease lasts longer then, never shorter.
 */
export class ReservationWatch {
  nextCheck: Micros;
  /** By the key of what is reserved. */
  #lastUsed = new Map<AgentRecord, Map<string, Micros>>();
  #orphanedSince = new Map<AgentRecord, Map<string, Micros>>();

  constructor(now: Micros) {
    this.nextCheck = micros(now + CHECK_INTERVAL);
  }

  /** What was in use on the agent up to now comes back. */
  used(now: Micros, agent: AgentRecord, resources: Resources): void {
    if (resources.isPlain) return;
    const lastUsed = bookOf(this.#lastUsed, agent);
    for (const { identity } of resources.entries)
      if (leaseOf(identity) !== null) lastUsed.set(identity.key, now);
  }

  /** Every minute: notes what is in use and what has lost its owner, and releases what nobody used for as long as its lease says. */
  check(master: MasterState): void {
    const { now, options } = master;
    this.nextCheck = micros(now + CHECK_INTERVAL);
    for (const book of [this.#lastUsed, this.#orphanedSince]) {
      for (const agent of book.keys()) if (master.agentsById.get(agent.id) !== agent) book.delete(agent);
    }
    const names = ownersHere(master);
    for (const agent of master.agents) {
      if (agent.info.resources.isPlain) continue;
      if (options.reservationOwners) this.#noteOrphans(now, agent, names);
      if (options.reservationLeases) this.#checkLeases(master, agent);
    }
  }

  orphanedSince(agent: AgentRecord, key: string): Micros | null {
    return this.#orphanedSince.get(agent)?.get(key) ?? null;
  }

  #noteOrphans(now: Micros, agent: AgentRecord, names: ReadonlySet<string>): void {
    const before = bookOf(this.#orphanedSince, agent);
    const after = new Map<string, Micros>();
    for (const { identity } of orphansOn(agent, names))
      after.set(identity.key, before.get(identity.key) ?? now);
    this.#orphanedSince.set(agent, after);
  }

  #checkLeases(master: MasterState, agent: AgentRecord): void {
    const { now } = master;
    const before = bookOf(this.#lastUsed, agent);
    const after = new Map<string, Micros>();
    const inUse = keysInUse(agent);
    const expired: Resource[] = [];
    for (const entry of agent.info.resources.entries) {
      const lease = leaseOf(entry.identity);
      if (lease === null) continue;
      const { key } = entry.identity;
      const since = inUse.has(key) ? now : (before.get(key) ?? now);
      after.set(key, since);
      if (now - since >= lease.lasts && agent.link !== null) expired.push(entry);
    }
    this.#lastUsed.set(agent, after);
    for (const entry of expired) release(master, agent, entry);
  }

  static readonly layout = fieldsLayout({
    blank: () => new ReservationWatch(micros(0)),
    take: (it: ReservationWatch) => ({ lastUsed: it.#lastUsed, orphanedSince: it.#orphanedSince }),
    put: (it, fields) => {
      it.#lastUsed = fields.lastUsed;
      it.#orphanedSince = fields.orphanedSince;
    },
  });
}

/** Reservations and volumes that a framework which is not here owns, by agent (bug ledger B49 is what comes of not knowing). */
export function reservationOrphans(master: MasterState): readonly ReservationOrphan[] {
  const names = ownersHere(master);
  const orphans: ReservationOrphan[] = [];
  for (const agent of master.agents) {
    if (agent.info.resources.isPlain) continue;
    for (const entry of orphansOn(agent, names)) {
      const { identity } = entry;
      orphans.push({
        agentId: agent.id,
        owner: ownerOf(identity.reservations)!,
        resources: Resources.of([entry]),
        since: master.reservationWatch?.orphanedSince(agent, identity.key) ?? null,
      });
    }
  }
  return orphans;
}

function orphansOn(agent: AgentRecord, names: ReadonlySet<string>): readonly Resource[] {
  return agent.info.resources.entries.filter(({ identity }) => {
    const owner = ownerOf(identity.reservations);
    return owner !== null && !names.has(owner);
  });
}

/** Names of the frameworks that may still subscribe: they own what bears them. */
function ownersHere(master: MasterState): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { info } of master.frameworks) names.add(info.name);
  return names;
}

/** Destroys the volume, if it is one, and takes off its reservations down to that with the lease. Offers of it are rescinded. */
function release(master: MasterState, agent: AgentRecord, entry: Resource): void {
  let rest = Resources.of([entry]);
  if (!rest.persistentVolumes().isEmpty) rest = perform(master, agent, { type: 'DESTROY', volumes: rest });
  const { level } = leaseOf(entry.identity)!;
  for (let height = entry.identity.reservations.length; height > level; height--)
    rest = perform(master, agent, { type: 'UNRESERVE', resources: rest });
}

/** What the operation made. */
function perform(
  master: MasterState,
  agent: AgentRecord,
  operation: Extract<ResourceOperation, { type: 'DESTROY' | 'UNRESERVE' }>,
): Resources {
  const conversion = conversionOf(operation);
  if (!conversion.ok) return Resources.EMPTY;
  operateOn(master, agent, { ...operation, id: null }, conversion.value.consumed);
  return conversion.value.produced;
}

function keysInUse(agent: AgentRecord): ReadonlySet<string> {
  const keys = new Set<string>();
  const note = (resources: Resources) => {
    if (!resources.isPlain) for (const { identity } of resources.entries) keys.add(identity.key);
  };
  for (const task of agent.tasks) if (!isTerminal(task.state)) note(task.info.resources);
  for (const executor of agent.executors) note(executor.info.resources);
  for (const operation of agent.operations?.values() ?? []) note(operation.held);
  return keys;
}

function bookOf(books: Map<AgentRecord, Map<string, Micros>>, agent: AgentRecord): Map<string, Micros> {
  const known = books.get(agent);
  if (known !== undefined) return known;
  const book = new Map<string, Micros>();
  books.set(agent, book);
  return book;
}
