import type { AgentId, FrameworkId } from '../../../../engine/core/index.ts';
import type { MasterMachine } from '../../../../engine/master/index.ts';
import { isTerminal, type Offer } from '../../../../engine/protocol/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';
import { joiningAgent } from './joining-agent.ts';

type FrameworkRecord = MasterMachine['state']['frameworks'] extends Iterable<infer Record> ? Record : never;

/**
 * L2, fairness of one step: where frameworks are alike and have declined nothing of an agent, one that is given several agents at once was not ahead
 * of another before the last of them. Shares are worked out anew from the master's records.
 */
export function fairness(scene: Scene): Property {
  /** By master: two may believe that they lead. */
  const books = new Map<number, Books>();
  const isComparable = (): boolean => {
    const { isUniform, allocator, quotas } = scene.scenario;
    return (
      isUniform &&
      quotas.length === 0 &&
      allocator.frameworkSorter === 'drf' &&
      allocator.roleSorter === 'drf'
    );
  };
  return {
    id: 'L2',
    masterOutput(_now, master, output) {
      if (!isComparable()) return;
      let own = books.get(master);
      if (own === undefined) {
        own = new Books();
        books.set(master, own);
      }
      // The registry's answer may let in several agents in one step: what was offered before the last of them was offered by other shares.
      if (joiningAgent(output) !== null) own.settle();
      if (output.kind === 'event' && output.event.type === 'RESCIND') own.rescinds = true;
      if (output.kind === 'event' && output.event.type === 'OFFERS') own.offers.push(...output.event.offers);
    },
    masterInput(_now, master, _input, machine) {
      const own = books.get(master);
      if (own === undefined) return;
      if (machine.isLeading) own.begin(machine.state.epoch);
      if (own.offers.length > 0 && machine.isLeading && !own.rescinds)
        compare(scene, machine, own.offers, own.seen);
      own.settle();
    },
  };
}

/** What one master has offered. */
class Books {
  /** In its last step. */
  readonly offers: Offer[] = [];
  /** What was ever declined, or answered at all: filters and the guard against decliners are about these. */
  readonly seen = new Set<string>();
  /** Offers were taken back in its last step, after it had decided: shares were larger then. */
  rescinds = false;
  #epoch = 0;

  /** A new leader begins with no filters. */
  begin(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.seen.clear();
  }

  settle(): void {
    for (const { frameworkId, agentId } of this.offers) this.seen.add(`${frameworkId} ${agentId}`);
    this.offers.length = 0;
    this.rescinds = false;
  }
}

function compare(
  scene: Scene,
  machine: MasterMachine,
  offers: readonly Offer[],
  seen: ReadonlySet<string>,
): void {
  const byFramework = new Map<FrameworkId, Offer[]>();
  const agents = new Set<AgentId>();
  for (const offer of offers) {
    agents.add(offer.agentId);
    const own = byFramework.get(offer.frameworkId);
    if (own === undefined) byFramework.set(offer.frameworkId, [offer]);
    else own.push(offer);
  }
  const total = totalOf(machine);
  for (const [id, own] of byFramework) {
    if (own.length < 2) continue;
    const winner = machine.state.frameworksById.get(id);
    if (winner === undefined || winner.roles.length !== 1) continue;
    const largest = Math.max(...own.map((offer) => shareOf(offer.resources, total)));
    const before = shareHeld(machine, winner, total) - largest;
    for (const other of machine.state.frameworks) {
      if (other === winner || !isRival(scene, winner, other)) continue;
      if (own.some(({ agentId }) => seen.has(`${other.id} ${agentId}`))) continue;
      const behind = shareHeld(machine, other, total);
      expectThat(
        before <= behind + 1e-9,
        'L2',
        () =>
          `framework ${id} is given ${own.length} agents at once; before the last it had a share of ${before}, and framework ${other.id}, its like in role ${winner.roles[0]}, has ${behind}`,
      );
    }
  }
}

function isRival(scene: Scene, winner: FrameworkRecord, other: FrameworkRecord): boolean {
  return (
    other.stream !== null &&
    other.suppressedRoles.size === 0 &&
    other.roles.length === 1 &&
    other.roles[0] === winner.roles[0] &&
    scene.numberOf(other.id) >= 0 &&
    other.info.capabilities.length === winner.info.capabilities.length
  );
}

interface Amounts {
  cpus: number;
  mem: number;
  disk: number;
  gpus: number;
}

function totalOf(machine: MasterMachine): Amounts {
  const total = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const { info } of machine.state.agents) add(total, info.resources);
  return total;
}

function add(sum: Amounts, { cpus, mem, disk, gpus }: Readonly<Amounts>): void {
  sum.cpus += cpus;
  sum.mem += mem;
  sum.disk += disk;
  sum.gpus += gpus;
}

function shareOf(amounts: Readonly<Amounts>, total: Amounts): number {
  let share = 0;
  for (const kind of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    if (total[kind] > 0) share = Math.max(share, amounts[kind] / total[kind]);
  }
  return share;
}

function shareHeld({ state }: MasterMachine, framework: FrameworkRecord, total: Amounts): number {
  const held = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const task of framework.tasks.values()) if (!isTerminal(task.state)) add(held, task.info.resources);
  for (const { info } of framework.executors) add(held, info.resources);
  for (let slot = framework.offerHead; slot !== -1; slot = state.offers.nextOfFramework(slot))
    add(held, state.offers.offer(slot).resources);
  return shareOf(held, total);
}
