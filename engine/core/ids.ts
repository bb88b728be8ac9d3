import { assert } from './assert.ts';
import type { Branded } from './branded.ts';

/**
 * Ids are integers inside the machines; their text (`<masterId>-S<n>` …) is made at the edge (spec 01 §4).
 *
 * Agents and frameworks get `epoch × 2^21 + n`: `epoch` counts elected masters (the registry keeps it), `n` counts per master. So an id
 * stays unique over the life of the cluster, and the master that minted it can be read off it.
 */
export type AgentId = Branded<number, 'AgentId'>;
export type FrameworkId = Branded<number, 'FrameworkId'>;

/** Unique among the outstanding offers of one master and never reused by it: a slot with its generation. */
export type OfferId = Branded<number, 'OfferId'>;

/** Chosen by the framework, unique among its live tasks. The edge keeps the text beside the number. */
export type TaskId = Branded<number, 'TaskId'>;

/** Chosen by the framework, unique among its live executors on an agent. A command task's executor has the task's number. */
export type ExecutorId = Branded<number, 'ExecutorId'>;

/** Identifies one status update of one agent; its 16 wire bytes are made of the agent's id and this counter. */
export type UpdateId = Branded<number, 'UpdateId'>;

/** Identifies one operation on an agent's resources (`Operation.uuid`): minted by the master, ascending over all masters, never reused. */
export type OperationUuid = Branded<number, 'OperationUuid'>;

/** Counts elected masters: 1 for the first. */
export type MasterEpoch = Branded<number, 'MasterEpoch'>;

const IDS_PER_MASTER = 2 ** 21;
/** Operations are far more than agents; epochs up to 2^21 leave this much room for each. */
const OPERATIONS_PER_MASTER = 2 ** 32;

/** The number of the `n`th agent or framework that the master of `epoch` admits. */
function mint(epoch: MasterEpoch, n: number): number {
  assert(n < IDS_PER_MASTER, `one master mints at most ${IDS_PER_MASTER} ids of a kind; elect a new one`);
  return epoch * IDS_PER_MASTER + n;
}

export function mintAgentId(epoch: MasterEpoch, n: number): AgentId {
  return mint(epoch, n) as AgentId;
}

export function mintFrameworkId(epoch: MasterEpoch, n: number): FrameworkId {
  return mint(epoch, n) as FrameworkId;
}

/** The uuid of the `n`th operation that the master of `epoch` sends out. */
export function mintOperationUuid(epoch: MasterEpoch, n: number): OperationUuid {
  assert(
    n < OPERATIONS_PER_MASTER,
    `one master mints at most ${OPERATIONS_PER_MASTER} operations; elect a new one`,
  );
  return (epoch * OPERATIONS_PER_MASTER + n) as OperationUuid;
}

/** The epoch of the master that minted `id`, and the count within it. */
export function idParts(id: AgentId | FrameworkId): { readonly epoch: MasterEpoch; readonly n: number } {
  return { epoch: Math.floor(id / IDS_PER_MASTER) as MasterEpoch, n: id % IDS_PER_MASTER };
}

/** `<masterId>-S<n>` (spec 01 §1). */
export function agentIdText(id: AgentId, masterIdText: (epoch: MasterEpoch) => string): string {
  const { epoch, n } = idParts(id);
  return `${masterIdText(epoch)}-S${n}`;
}

/** `<masterId>-<nnnn>` (spec 01 §1). */
export function frameworkIdText(id: FrameworkId, masterIdText: (epoch: MasterEpoch) => string): string {
  const { epoch, n } = idParts(id);
  return `${masterIdText(epoch)}-${String(n).padStart(4, '0')}`;
}

/**
 * A number that orders frameworks as the text of their ids does, for ties (spec 16 §5): of one master `0999` < `1000` < `10000` < `1001`, as
 * the counter has four digits or more. Of different masters the earlier one's come first: their texts are random and order nothing.
 */
export function frameworkTieRank(id: FrameworkId): number {
  const { epoch, n } = idParts(id);
  let digits = 4;
  for (let least = 10_000; n >= least; least *= 10) digits++;
  // The counter with its digits to the left in seven places; a text before those that it begins. Exact for 2^27 masters.
  return epoch * 2 ** 26 + n * 10 ** (7 - digits) * 4 + (digits - 4);
}

/** A command task's executor is its own, with the task's number (spec 04 §6). */
export function commandExecutorId(taskId: TaskId): ExecutorId {
  return taskId as number as ExecutorId;
}
