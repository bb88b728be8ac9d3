import { isTerminal, type QuotaConfig } from '../protocol/index.ts';
import type { Quantities } from '../resources/index.ts';
import { rescindOffer } from './offers.ts';
import { countedQuantities, quotaConsumption, Tally, topLevelRole } from './quota-consumption.ts';
import type { MasterState } from './state.ts';

/**
 * Takes back offers that are in the way of new quotas, as far as it goes (spec 08 §4): those of a role until it is within its limit, then
 * those of other roles until the guarantee could be met out of what is free. Agents in the order of their rows, the newest offer of each
 * first.
 */
export function rescindForQuotas(master: MasterState, configs: readonly QuotaConfig[]): void {
  if (master.offers.count === 0) return;
  const consumption = quotaConsumption(master);
  for (const config of configs) {
    const consumed = consumption.get(config.role) ?? new Tally();
    rescindBeyondLimit(master, config, consumed);
    rescindForGuarantee(master, config, consumed);
  }
}

function rescindBeyondLimit(master: MasterState, { role, limits }: QuotaConfig, consumed: Tally): void {
  if (limits.isEmpty) return;
  const held = new Tally();
  held.add(consumed.quantities());
  for (const slot of offersOf(master, (name) => name === role)) held.add(offered(master, slot));
  const isBeyond = (name: string) => held.get(name) > (limits.get(name) ?? Number.POSITIVE_INFINITY);
  for (const slot of offersOf(master, (name) => name === role)) {
    const quantities = offered(master, slot);
    if (!quantities.names.some(isBeyond)) continue;
    held.subtract(quantities);
    rescindOffer(master, slot, null);
  }
}

function rescindForGuarantee(master: MasterState, { role, guarantees }: QuotaConfig, consumed: Tally): void {
  if (guarantees.isEmpty) return;
  // What the role has, what it is offered, and what is free.
  const reachable = freeCapacity(master);
  reachable.add(consumed.quantities());
  for (const slot of offersOf(master, (name) => name === role)) reachable.add(offered(master, slot));
  const isMissing = (name: string) => reachable.get(name) < guarantees.get(name);
  for (const slot of offersOf(master, (name) => name !== role)) {
    if (!guarantees.names.some(isMissing)) return;
    const quantities = offered(master, slot);
    if (!quantities.names.some(isMissing)) continue;
    reachable.add(quantities);
    rescindOffer(master, slot, null);
  }
}

/** Unreserved and neither used nor offered, on agents that get offers. */
function freeCapacity(master: MasterState): Tally {
  const free = new Tally();
  for (const agent of master.agents) {
    if (!agent.isOfferable) continue;
    free.add(countedQuantities(agent.info.resources));
    for (const task of agent.tasks) {
      if (!isTerminal(task.state)) free.subtract(countedQuantities(task.info.resources));
    }
    for (const { info } of agent.executors) free.subtract(countedQuantities(info.resources));
    for (let slot = agent.offerHead; slot !== -1; slot = master.offers.nextOfAgent(slot))
      free.subtract(offered(master, slot));
  }
  return free;
}

/** Slots of outstanding offers whose top-level role passes. */
function offersOf(master: MasterState, passes: (topLevel: string) => boolean): number[] {
  const slots: number[] = [];
  for (const agent of master.agents) {
    for (let slot = agent.offerHead; slot !== -1; slot = master.offers.nextOfAgent(slot)) {
      if (passes(topLevelRole(master.offers.offer(slot).role))) slots.push(slot);
    }
  }
  return slots;
}

function offered(master: MasterState, slot: number): Quantities {
  return countedQuantities(master.offers.offer(slot).resources);
}
