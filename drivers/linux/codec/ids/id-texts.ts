import {
  type AgentId,
  agentIdText,
  assert,
  type ExecutorId,
  type FrameworkId,
  frameworkIdText,
  idParts,
  type MasterEpoch,
  type MentionTexts,
  type OfferId,
  type TaskId,
  withIdTexts,
} from '../../../../engine/core/index.ts';
import { TextTable } from './text-table.ts';

/** Numbers from here on stand for ids that no master of this cluster minted: epoch 2^26 and above, which no cluster lives to see. */
const FOREIGN = 2 ** 47;
const IDS_PER_MASTER = 2 ** 21;
const EPOCH_MAX = 2 ** 26 - 1;
const MINTED = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})([0-9a-f]{8})-(S?)(\d{1,7})$/;
const OFFER = /^(.{36})-O(\d{1,16})$/;

/**
 * Text of ids (spec 01 §1, §4) and the integers that the machines know them by, for one process.
 *
 * A master's id is a UUID: 24 hex digits that the cluster drew once and the registry keeps, then the master's epoch. So `<masterId>-S<n>` is
 * read and written without a table, and ids stay what they were over restarts of masters and agents. Task and executor ids are chosen by
 * frameworks: `names` numbers them, tasks and executors alike, because a command task's executor has the task's id. Ids with another
 * cluster's prefix get numbers that were never minted, so that they are unknown everywhere and can still be told back as they came.
 */
export class IdTexts {
  /** `xxxxxxxx-xxxx-4xxx-8xxx-xxxx`; null until the first id of the cluster is seen: agents and clients learn it. */
  #cluster: string | null;
  readonly names = new TextTable();
  readonly #foreign = new TextTable();

  constructor(cluster: string | null) {
    if (cluster !== null) assert(CLUSTER.test(cluster), 'a cluster id is the first 24 digits of a UUID');
    this.#cluster = cluster;
  }

  get cluster(): string | null {
    return this.#cluster;
  }

  /** From the disk of a process that knew it. The first one stays. */
  learnCluster(cluster: string): void {
    assert(CLUSTER.test(cluster), 'a cluster id is the first 24 digits of a UUID');
    this.#cluster ??= cluster;
  }

  /** UUID of the master of an epoch. */
  masterText = (epoch: MasterEpoch): string => {
    assert(this.#cluster !== null, 'ids have a text once the cluster is known');
    return `${this.#cluster}${epoch.toString(16).padStart(8, '0')}`;
  };

  agentText(id: AgentId): string {
    return id >= FOREIGN ? this.#foreign.text(id - FOREIGN) : agentIdText(id, this.masterText);
  }

  agent(text: string): AgentId {
    return this.#minted(text, 'S') as AgentId;
  }

  frameworkText(id: FrameworkId): string {
    return id >= FOREIGN ? this.#foreign.text(id - FOREIGN) : frameworkIdText(id, this.masterText);
  }

  framework(text: string): FrameworkId {
    return this.#minted(text, '') as FrameworkId;
  }

  offerText(id: OfferId, epoch: MasterEpoch): string {
    return `${this.masterText(epoch)}-O${id}`;
  }

  /** The offer of the master of `epoch`; for any other text a negative number, which never is an offer, another one per `position`. */
  offer(text: string, epoch: MasterEpoch, position: number): OfferId {
    const parts = OFFER.exec(text);
    const number = parts === null ? Number.NaN : Number(parts[2]);
    const isOurs = parts !== null && parts[1] === this.masterText(epoch) && Number.isSafeInteger(number);
    return (isOurs && String(number) === parts[2] ? number : -1 - position) as OfferId;
  }

  taskText(id: TaskId): string {
    return this.names.text(id);
  }

  task(text: string): TaskId {
    return this.names.number(text) as TaskId;
  }

  executorText(id: ExecutorId): string {
    return this.names.text(id);
  }

  executor(text: string): ExecutorId {
    return this.names.number(text) as ExecutorId;
  }

  /** A text of the engine with the ids that it mentions as the outside knows them. */
  mentioned(text: string): string {
    return withIdTexts(text, this.#mentions);
  }

  readonly #mentions: MentionTexts = {
    agent: (id) => this.agentText(id),
    framework: (id) => this.frameworkText(id),
    task: (id) => this.taskText(id),
  };

  /** Forgets texts that nobody holds any more, when there are many. `mark` names every id that the machine holds. */
  sweepIfFull(mark: (keep: (id: TaskId | ExecutorId | AgentId | FrameworkId) => void) => void): void {
    if (this.names.wantsSweep) this.names.sweep(mark);
    if (this.#foreign.wantsSweep) {
      this.#foreign.sweep((keep) => {
        mark((id) => {
          if (id >= FOREIGN) keep(id - FOREIGN);
        });
      });
    }
  }

  #minted(text: string, letter: 'S' | ''): number {
    const parts = MINTED.exec(text);
    if (parts !== null && parts[3] === letter) {
      this.#cluster ??= parts[1]!;
      const epoch = Number.parseInt(parts[2]!, 16) as MasterEpoch;
      const n = Number(parts[4]);
      if (parts[1] === this.#cluster && epoch <= EPOCH_MAX && n < IDS_PER_MASTER) {
        const id = epoch * IDS_PER_MASTER + n;
        // Only the very text that a master writes: no other one may name the same thing.
        const written =
          letter === 'S' ? this.agentText(id as AgentId) : this.frameworkText(id as FrameworkId);
        if (written === text) return id;
      }
    }
    return FOREIGN + this.#foreign.number(text);
  }
}

const CLUSTER = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}$/;

/** The cluster's part of its masters' ids, from 12 random bytes. */
export function clusterIdFrom(random: Uint8Array): string {
  const hex = Buffer.from(random).toString('hex');
  assert(hex.length === 24, 'a cluster id is made of 12 bytes');
  // The version and variant digits of a random UUID (RFC 4122), so that tools which check them are content.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 24)}`;
}

/** Whether an id names nothing that a master of this cluster minted. */
export function isForeign(id: AgentId | FrameworkId): boolean {
  return id >= FOREIGN;
}

/** The master that minted an id, or null for a foreign one. */
export function epochOf(id: AgentId | FrameworkId): MasterEpoch | null {
  return isForeign(id) ? null : idParts(id).epoch;
}
