import type {
  AgentInput,
  AgentOutput,
  ContainerHandle,
  Probe,
  ProbeResult,
  ProbeUse,
} from '../../../engine/agent/index.ts';
import { type Micros, MICROS_PER_MILLISECOND, micros } from '../../../engine/core/index.ts';

/** What the virtual prober needs of the machines that it probes on. */
export interface ProbeGround {
  later(at: Micros, happens: (now: Micros) => void): void;
  /** Whether the container has started and lives. */
  isRunning(machine: number, container: ContainerHandle): boolean;
  /** Until when the container hangs, null if it does not. */
  hangsUntil(machine: number, container: ContainerHandle): Micros | null;
  tell(now: Micros, machine: number, input: AgentInput): void;
}

/** How what runs in a container takes being probed: it says that all is well, that it is not, or nothing. */
export type TaskCondition = 'well' | 'ill' | 'mute';

type ProbeOrder = Extract<AgentOutput, { readonly kind: 'probe' }>;

/** A probe that is under way. Orders are not kept by reference longer than that. */
interface Pending {
  readonly container: ContainerHandle;
  readonly use: ProbeUse;
  readonly probe: Probe;
  /** When it is given up; null: never. */
  readonly end: Micros | null;
}

const LATENCY = 10 * MICROS_PER_MILLISECOND;

/**
 * Probes of virtual tasks, which are well unless somebody says otherwise: commands end with 0, servers answer 200. A server in a container that
 * hangs does not answer; commands, and the kernel's part of a connection, are not the task's and go on.
 */
export class VirtualProber {
  readonly #ground: ProbeGround;
  /** By machine, then by container and use. */
  readonly #underWay = new Map<number, Map<string, Pending>>();
  /** Of tasks that are not well. */
  readonly #conditions = new Map<string, TaskCondition>();

  constructor(ground: ProbeGround) {
    this.#ground = ground;
  }

  /** From now on the task takes probes so. */
  setCondition(machine: number, container: ContainerHandle, condition: TaskCondition): void {
    const key = `${machine} ${container}`;
    if (condition === 'well') this.#conditions.delete(key);
    else this.#conditions.set(key, condition);
  }

  /** Answered once by `probed`, unless it is stopped or the process goes away before. */
  probe(now: Micros, machine: number, { container, use, probe, timeout }: ProbeOrder): void {
    const end = timeout === null ? null : micros(now + timeout);
    const pending: Pending = { container, use, probe, end };
    let onMachine = this.#underWay.get(machine);
    if (onMachine === undefined) {
      onMachine = new Map();
      this.#underWay.set(machine, onMachine);
    }
    onMachine.set(`${container} ${use}`, pending);
    const answer = now + LATENCY;
    if (end !== null && end < answer) {
      this.#timesOut(machine, pending, end);
    } else if (this.#ground.isRunning(machine, container)) {
      this.#ground.later(micros(answer), (at) => this.#look(at, machine, pending));
    } else {
      this.#ground.later(micros(answer), (at) => this.#tell(at, machine, pending, NOT_RUNNING));
    }
  }

  /** What is under way for the container is given up. */
  stop(machine: number, container: ContainerHandle): void {
    const onMachine = this.#underWay.get(machine);
    if (onMachine === undefined) return;
    onMachine.delete(`${container} healthCheck`);
    onMachine.delete(`${container} check`);
  }

  /** The container has ended: what looks at it finds nobody. */
  ended(now: Micros, machine: number, container: ContainerHandle): void {
    if (this.#conditions.size > 0) this.#conditions.delete(`${machine} ${container}`);
    const onMachine = this.#underWay.get(machine);
    if (onMachine === undefined) return;
    for (const pending of onMachine.values()) {
      if (pending.container !== container) continue;
      const at = micros(now + LATENCY);
      this.#ground.later(at, (then) => this.#tell(then, machine, pending, NOBODY[pending.probe.type]));
    }
  }

  /** The agent's process is away: nobody waits for answers. */
  agentLeft(machine: number): void {
    this.#underWay.delete(machine);
  }

  /** The task is looked at. */
  #look(now: Micros, machine: number, pending: Pending): void {
    if (!this.#isWanted(machine, pending)) return;
    const { container, probe, end } = pending;
    // What has ended meanwhile is told by `ended`.
    if (!this.#ground.isRunning(machine, container)) return;
    const condition = this.#conditions.get(`${machine} ${container}`) ?? 'well';
    const hangs = probe.type === 'HTTP' ? this.#ground.hangsUntil(machine, container) : null;
    const hangsNow = hangs !== null && hangs > now;
    if (condition !== 'mute' && !hangsNow) {
      this.#tell(now, machine, pending, RESULTS[condition][probe.type]);
      return;
    }
    if (condition !== 'mute') this.#ground.later(hangs!, (at) => this.#look(at, machine, pending));
    if (end !== null) this.#timesOut(machine, pending, end);
  }

  #timesOut(machine: number, pending: Pending, end: Micros): void {
    this.#ground.later(end, (at) => this.#tell(at, machine, pending, TIMED_OUT));
  }

  #tell(now: Micros, machine: number, pending: Pending, result: ProbeResult): void {
    if (!this.#isWanted(machine, pending)) return;
    const { container, use } = pending;
    this.#underWay.get(machine)!.delete(`${container} ${use}`);
    this.#ground.tell(now, machine, { kind: 'probed', container, use, result });
  }

  #isWanted(machine: number, pending: Pending): boolean {
    return this.#underWay.get(machine)?.get(`${pending.container} ${pending.use}`) === pending;
  }
}

const TIMED_OUT: ProbeResult = { kind: 'timedOut' };
const NOT_RUNNING: ProbeResult = { kind: 'failed', message: 'The container does not run' };

type Results = { readonly [Type in Probe['type']]: ProbeResult };

const RESULTS: { readonly [Condition in Exclude<TaskCondition, 'mute'>]: Results } = {
  well: {
    COMMAND: { kind: 'exited', exitCode: 0 },
    HTTP: { kind: 'responded', statusCode: 200 },
    TCP: { kind: 'connected', succeeded: true },
  },
  ill: {
    COMMAND: { kind: 'exited', exitCode: 1 },
    HTTP: { kind: 'responded', statusCode: 500 },
    TCP: { kind: 'connected', succeeded: false },
  },
};

/** The container ended while it was looked at: a command in it is killed, a server gone. */
const NOBODY: Results = {
  COMMAND: { kind: 'exited', exitCode: 128 + 9 },
  HTTP: { kind: 'failed', message: 'The connection was reset' },
  TCP: { kind: 'connected', succeeded: false },
};
