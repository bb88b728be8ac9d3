import type {
  AgentInput,
  ContainerHandle,
  CustomExecutorSpec,
  ExecutorRequestId,
  ExecutorStreamId,
} from '../../../engine/agent/index.ts';
import {
  type FrameworkId,
  type Micros,
  MICROS_PER_MILLISECOND,
  micros,
  type TaskId,
  type UpdateId,
} from '../../../engine/core/index.ts';
import {
  type ExecutorCall,
  type ExecutorEvent,
  isTerminal,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from '../../../engine/protocol/index.ts';

/** What virtual executors need of the machines that they are on. */
export interface ExecutorGround {
  later(at: Micros, happens: (now: Micros) => void): void;
  /** Whether the agent's process is there to be called. */
  isUp(machine: number): boolean;
  tell(now: Micros, machine: number, input: AgentInput): void;
  /** The executor's process ends by itself. */
  exit(now: Micros, machine: number, container: ContainerHandle): void;
  /** Until when the container hangs, null if it does not. */
  hangsUntil(machine: number, container: ContainerHandle): Micros | null;
  runMicros(frameworkId: FrameworkId, taskId: TaskId): number;
}

/** How long a virtual executor takes to do anything, and between two attempts to subscribe. */
const LATENCY = micros(2 * MICROS_PER_MILLISECOND);
const SUBSCRIPTION_RETRY = micros(500 * MICROS_PER_MILLISECOND);

interface LiveTask {
  readonly info: TaskInfo;
  /** An update of it has been acknowledged. */
  isKnown: boolean;
}

/** One custom executor's process. */
interface Program {
  readonly machine: number;
  readonly container: ContainerHandle;
  readonly spec: CustomExecutorSpec;
  readonly tasks: Map<TaskId, LiveTask>;
  unacknowledged: TaskStatus[];
  stream: ExecutorStreamId | null;
  /** Of its last SUBSCRIBE. */
  request: ExecutorRequestId | null;
  /** When its agent went away, null while it is there. */
  deserted: Micros | null;
  isShuttingDown: boolean;
}

/**
 * Custom executors in virtual time (spec 04): they subscribe when their container runs, run their tasks as long as the framework says, kill
 * on KILL, end on SHUTDOWN, and subscribe again with what is unacknowledged when their agent comes back. Those of frameworks that do not
 * checkpoint end with their connection; the others give up after the recovery timeout.
 */
export class VirtualExecutors {
  readonly #ground: ExecutorGround;
  /** By machine, then by container; null while there never was one. */
  #programs: Map<number, Map<ContainerHandle, Program>> | null = null;
  #nextStream = 1;
  #nextRequest = 1;
  #nextUuid = 1;

  constructor(ground: ExecutorGround) {
    this.#ground = ground;
  }

  /** The container of a custom executor was ordered. */
  launched(machine: number, container: ContainerHandle, spec: CustomExecutorSpec): void {
    this.#programs ??= new Map();
    let onMachine = this.#programs.get(machine);
    if (onMachine === undefined) {
      onMachine = new Map();
      this.#programs.set(machine, onMachine);
    }
    onMachine.set(container, {
      machine,
      container,
      spec,
      tasks: new Map(),
      unacknowledged: [],
      stream: null,
      request: null,
      deserted: null,
      isShuttingDown: false,
    });
  }

  /** A container runs: if it is an executor's, that subscribes. */
  started(now: Micros, machine: number, container: ContainerHandle): void {
    const program = this.#programs?.get(machine)?.get(container);
    if (program !== undefined) this.#soon(now, program, (at) => this.#subscribe(at, program));
  }

  /** A container has ended. Returns the stream that breaks with it, null if it had none. */
  ended(machine: number, container: ContainerHandle): ExecutorStreamId | null {
    const onMachine = this.#programs?.get(machine);
    const stream = onMachine?.get(container)?.stream ?? null;
    onMachine?.delete(container);
    return stream;
  }

  machineDown(machine: number): void {
    this.#programs?.delete(machine);
  }

  /** The agent's process is away: connections break. */
  agentLeft(now: Micros, machine: number): void {
    for (const program of this.#on(machine)) {
      program.stream = null;
      program.deserted = now;
      const { checkpoint, recoveryTimeout } = program.spec.environment;
      if (!checkpoint || recoveryTimeout === null) {
        this.#exit(now, program);
        continue;
      }
      this.#ground.later(micros(now + recoveryTimeout), (at) => {
        if (program.deserted === now && this.#isLive(program)) this.#exit(at, program);
      });
    }
  }

  /** A new process of the agent is there. */
  agentCame(now: Micros, machine: number): void {
    for (const program of this.#on(machine)) {
      program.deserted = null;
      this.#soon(now, program, (at) => this.#subscribe(at, program));
    }
  }

  /** An event on one of its streams. */
  heard(now: Micros, machine: number, stream: ExecutorStreamId, event: ExecutorEvent): void {
    for (const program of this.#on(machine)) {
      if (program.stream !== stream) continue;
      // An acknowledgement is taken at once: what it is about may be sent again in the same instant.
      if (event.type === 'ACKNOWLEDGED') this.#acknowledged(program, event.taskId, event.uuid);
      else this.#soon(now, program, (at) => this.#hear(at, program, event));
      return;
    }
  }

  /** Its agent has closed one of its streams: it comes again, or ends if its framework does not checkpoint. */
  closed(now: Micros, machine: number, stream: ExecutorStreamId): void {
    for (const program of this.#on(machine)) {
      if (program.stream !== stream) continue;
      program.stream = null;
      if (program.spec.environment.checkpoint) this.#subscribesLater(now, program);
      else this.#soon(now, program, (at) => this.#exit(at, program));
    }
  }

  /** A call of its was refused: a subscription is tried again. */
  refused(now: Micros, machine: number, request: ExecutorRequestId): void {
    for (const program of this.#on(machine)) {
      if (program.request !== request) continue;
      program.stream = null;
      this.#subscribesLater(now, program);
    }
  }

  #hear(now: Micros, program: Program, event: ExecutorEvent): void {
    switch (event.type) {
      case 'LAUNCH':
        this.#run(now, program, event.task);
        break;
      case 'LAUNCH_GROUP':
        for (const task of event.taskGroup) this.#run(now, program, task);
        break;
      case 'KILL':
        this.#end(now, program, event.taskId, 'TASK_KILLED');
        break;
      case 'SHUTDOWN':
        program.isShuttingDown = true;
        for (const taskId of [...program.tasks.keys()]) this.#end(now, program, taskId, 'TASK_KILLED');
        this.#soon(now, program, (at) => this.#exit(at, program));
        break;
      default:
    }
  }

  #run(now: Micros, program: Program, info: TaskInfo): void {
    if (program.isShuttingDown) return;
    const { taskId } = info;
    program.tasks.set(taskId, { info, isKnown: false });
    this.#report(now, program, taskId, 'TASK_RUNNING');
    const run = this.#ground.runMicros(program.spec.frameworkId, taskId);
    if (run !== Infinity)
      this.#at(micros(now + run), program, (at) => this.#end(at, program, taskId, 'TASK_FINISHED'));
  }

  #end(now: Micros, program: Program, taskId: TaskId, state: TaskState): void {
    if (!program.tasks.has(taskId)) return;
    program.tasks.delete(taskId);
    this.#report(now, program, taskId, state);
  }

  #report(now: Micros, program: Program, taskId: TaskId, state: TaskState): void {
    const { executorId } = program.spec;
    const status: TaskStatus = {
      taskId,
      state,
      source: 'SOURCE_EXECUTOR',
      reason: null,
      agentId: null,
      executorId,
      timestamp: now,
      uuid: this.#nextUuid++ as UpdateId,
      message: isTerminal(state) ? 'Ended by its executor' : null,
      details: null,
    };
    program.unacknowledged.push(status);
    // Without a connection it goes out with the next subscription.
    if (program.stream !== null)
      this.#call(now, program, { type: 'UPDATE', ...idsOf(program), status }, null);
  }

  #acknowledged(program: Program, taskId: TaskId, uuid: UpdateId): void {
    program.unacknowledged = program.unacknowledged.filter((status) => status.uuid !== uuid);
    const task = program.tasks.get(taskId);
    if (task !== undefined) task.isKnown = true;
  }

  /** Tries until it is subscribed. */
  #subscribe(now: Micros, program: Program): void {
    if (program.stream !== null || program.isShuttingDown) return;
    if (!this.#ground.isUp(program.machine)) return;
    program.stream = this.#nextStream++ as ExecutorStreamId;
    program.request = this.#nextRequest as ExecutorRequestId;
    const unacknowledgedTasks: TaskInfo[] = [];
    for (const { info, isKnown } of program.tasks.values()) if (!isKnown) unacknowledgedTasks.push(info);
    const call: ExecutorCall = {
      type: 'SUBSCRIBE',
      ...idsOf(program),
      unacknowledgedTasks,
      unacknowledgedUpdates: program.unacknowledged,
    };
    this.#call(now, program, call, program.stream);
    this.#subscribesLater(now, program);
  }

  /** Unless it is subscribed by then. */
  #subscribesLater(now: Micros, program: Program): void {
    this.#at(micros(now + SUBSCRIPTION_RETRY), program, (at) => this.#subscribe(at, program));
  }

  #call(now: Micros, program: Program, call: ExecutorCall, stream: ExecutorStreamId | null): void {
    this.#ground.tell(now, program.machine, {
      kind: 'executorCalled',
      request: this.#nextRequest++ as ExecutorRequestId,
      stream,
      claims: null,
      call,
    });
  }

  #exit(now: Micros, program: Program): void {
    this.#ground.exit(now, program.machine, program.container);
  }

  #soon(now: Micros, program: Program, happens: (now: Micros) => void): void {
    this.#at(micros(now + LATENCY), program, happens);
  }

  /** Does something if the process still lives then; one that hangs does it when it goes on. */
  #at(at: Micros, program: Program, happens: (now: Micros) => void): void {
    this.#ground.later(at, (now) => {
      if (!this.#isLive(program)) return;
      const until = this.#ground.hangsUntil(program.machine, program.container);
      if (until !== null && until > now) this.#at(until, program, happens);
      else happens(now);
    });
  }

  #isLive(program: Program): boolean {
    return this.#programs?.get(program.machine)?.get(program.container) === program;
  }

  #on(machine: number): Program[] {
    return [...(this.#programs?.get(machine)?.values() ?? [])];
  }
}

function idsOf({ spec }: Program): Pick<ExecutorCall, 'frameworkId' | 'executorId'> {
  return { frameworkId: spec.frameworkId, executorId: spec.executorId };
}
