import { MILLI_PER_UNIT } from '../../engine/core/index.ts';
import type { FaultRecord, TaskOutcome } from '../../engine/workload/index.ts';
import type { MachineFacts } from '../run-facts.ts';

/** Faults that leave a machine without power or out of the cluster. A frozen or cut-off agent's tasks run on. */
const DOWN_KINDS: ReadonlySet<string> = new Set(['agentCrash', 'machineRemoved']);
const ADDED_KIND = 'machineAdded';
const UP = -1;

/** What happened on each machine: typed columns, one entry per machine. */
export class MachineLedger {
  readonly machines: readonly MachineFacts[];
  readonly #indexByName = new Map<string, number>();
  readonly #attempts: Float64Array;
  readonly #failed: Float64Array;
  /** Thousandths of a cpu × µs. */
  readonly #cpuTime: Float64Array;
  readonly #faults: Float64Array;
  /** Of past outages, µs. */
  readonly #downtime: Float64Array;
  /** The outage that is not in `#downtime` yet: overlapping ones are one. `UP` for none. */
  readonly #downSince: Float64Array;
  /** Its end; infinite until the machine is added again. */
  readonly #downUntil: Float64Array;

  constructor(machines: readonly MachineFacts[]) {
    this.machines = machines;
    for (let index = 0; index < machines.length; index++) this.#indexByName.set(machines[index]!.name, index);
    this.#attempts = new Float64Array(machines.length);
    this.#failed = new Float64Array(machines.length);
    this.#cpuTime = new Float64Array(machines.length);
    this.#faults = new Float64Array(machines.length);
    this.#downtime = new Float64Array(machines.length);
    this.#downSince = new Float64Array(machines.length).fill(UP);
    this.#downUntil = new Float64Array(machines.length);
  }

  addTask(task: TaskOutcome): void {
    const machine = task.machine;
    this.#attempts[machine]!++;
    if (task.state !== 'TASK_FINISHED') this.#failed[machine]!++;
    if (task.running !== null) this.#cpuTime[machine]! += task.cpus * (task.ended - task.running);
  }

  /** Faults come in order of their instants; those that name no machine are not the ledger's. */
  addFault(fault: FaultRecord): void {
    const machine = this.#indexByName.get(fault.target);
    if (machine === undefined) return;
    if (fault.kind === ADDED_KIND) {
      this.#downUntil[machine] = Math.min(this.#downUntil[machine]!, fault.at);
      return;
    }
    this.#faults[machine]!++;
    if (!DOWN_KINDS.has(fault.kind)) return;
    const until = fault.until ?? Number.POSITIVE_INFINITY;
    if (this.#downSince[machine] !== UP && fault.at <= this.#downUntil[machine]!) {
      this.#downUntil[machine] = Math.max(this.#downUntil[machine]!, until);
      return;
    }
    this.#downtime[machine] = this.downtime(machine, fault.at);
    this.#downSince[machine] = fault.at;
    this.#downUntil[machine] = until;
  }

  /** Attempts that ended on it. */
  attempts(machine: number): number {
    return this.#attempts[machine]!;
  }

  /** Attempts that ended on it in another state than TASK_FINISHED. */
  failed(machine: number): number {
    return this.#failed[machine]!;
  }

  faults(machine: number): number {
    return this.#faults[machine]!;
  }

  /** cpu × µs that tasks held, rounded to whole ones. */
  cpuMicros(machine: number): number {
    return Math.round(this.#cpuTime[machine]! / MILLI_PER_UNIT);
  }

  /** Crashed or removed, µs, up to the instant `end`. */
  downtime(machine: number, end: number): number {
    const since = this.#downSince[machine]!;
    if (since === UP) return this.#downtime[machine]!;
    return this.#downtime[machine]! + Math.max(0, Math.min(this.#downUntil[machine]!, end) - since);
  }
}
