import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExecutorId, TaskId, UpdateId } from '../core/index.ts';
import { assert, assertNever, micros } from '../core/index.ts';
import {
  type ExecutorCall,
  type ExecutorEvent,
  isTerminal,
  type StatusUpdateMessage,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from '../protocol/index.ts';
import type {
  AgentOutput,
  ContainerExit,
  ContainerHandle,
  ContainerSpec,
  ExecutorStreamId,
  ProbeResult,
} from './index.ts';
import {
  AGENT,
  AgentDriver,
  EXIT_0,
  EXIT_1,
  executorInfo,
  failure,
  FRAMEWORK,
  frameworkInfo,
  SIGKILL_EXIT,
  SIGTERM_EXIT,
  taskInfo,
  updates,
} from './test-kit.ts';

/** Histories of an agent among well-behaved ports, with processes that crash between the writing of records and the rest of a step. */

const PODS = [50, 51];
const CUSTOM = [60, 61];

/** What a custom executor keeps over a restart of the agent. */
interface Program {
  readonly executorId: ExecutorId;
  readonly container: ContainerHandle;
  stream: ExecutorStreamId | null;
  tasks: TaskInfo[];
  unacknowledged: TaskStatus[];
  isShuttingDown: boolean;
}

interface Container {
  readonly spec: ContainerSpec;
  readonly parent: ContainerHandle | null;
  isRunning: boolean;
  isKilled: boolean;
  isTermed: boolean;
  updates: number;
  probes: ('healthCheck' | 'check')[];
  program: Program | null;
}

type Move =
  | {
      readonly kind: 'launch';
      readonly style: 'command' | 'pod' | 'custom' | 'customGroup';
      readonly executor: number;
      readonly count: number;
      readonly launchExecutor: boolean;
      readonly isChecked: boolean;
    }
  | { readonly kind: 'kill'; readonly pick: number; readonly grace: number | null }
  | { readonly kind: 'shutdownExecutor'; readonly executor: number }
  | { readonly kind: 'drain' }
  | { readonly kind: 'advance'; readonly pick: number }
  | { readonly kind: 'exit'; readonly pick: number; readonly exit: ContainerExit }
  | { readonly kind: 'updateFails'; readonly pick: number }
  | { readonly kind: 'probed'; readonly pick: number; readonly isGood: boolean }
  | { readonly kind: 'report'; readonly pick: number; readonly state: TaskState }
  | { readonly kind: 'breakStream'; readonly pick: number }
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'link'; readonly isUp: boolean }
  | { readonly kind: 'wait'; readonly micros: number }
  | { readonly kind: 'restart' }
  /** The next step's records are written, nothing else of it happens, and the process starts again. */
  | { readonly kind: 'crashInNextStep' };

const pick = fc.nat(50);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('launch' as const),
      style: fc.constantFrom('command' as const, 'pod' as const, 'custom' as const, 'customGroup' as const),
      executor: fc.nat(1),
      count: fc.integer({ min: 1, max: 3 }),
      launchExecutor: fc.boolean(),
      isChecked: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('kill' as const),
      pick,
      grace: fc.constantFrom(null, 0, 2_000_000, 9_000_000),
    }),
  },
  fc.record({
    kind: fc.constant('shutdownExecutor' as const),
    executor: fc.constantFrom(...PODS, ...CUSTOM),
  }),
  fc.constant({ kind: 'drain' as const }),
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('advance' as const), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('exit' as const),
      pick,
      exit: fc.constantFrom(EXIT_0, EXIT_1, failure('MEMORY_LIMIT'), failure('DISK_LIMIT')),
    }),
  },
  fc.record({ kind: fc.constant('updateFails' as const), pick }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('probed' as const), pick, isGood: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      pick,
      state: fc.constantFrom<TaskState>('TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED', 'TASK_FAILED'),
    }),
  },
  fc.record({ kind: fc.constant('breakStream' as const), pick }),
  { weight: 5, arbitrary: fc.constant({ kind: 'acknowledge' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('link' as const), isUp: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), micros: fc.nat(4_000_000) }) },
  fc.constant({ kind: 'restart' as const }),
  { weight: 2, arbitrary: fc.constant({ kind: 'crashInNextStep' as const }) },
);

const CHECKED = {
  healthCheck: {
    type: 'TCP' as const,
    command: null,
    http: null,
    tcp: { protocol: 'IPv4' as const, port: 1 },
    delay: micros(1_000_000),
    interval: micros(1_000_000),
    timeout: micros(0),
    consecutiveFailures: 2,
    gracePeriod: micros(0),
  },
};
const GOOD: ProbeResult = { kind: 'connected', succeeded: true };
const BAD: ProbeResult = { kind: 'connected', succeeded: false };

class World {
  driver = new AgentDriver({ checkpointing: true });
  readonly containers = new Map<ContainerHandle, Container>();
  /** Handles of containers that were ever ordered. */
  readonly ordered = new Set<ContainerHandle>();
  readonly launched: TaskId[] = [];
  readonly sent: StatusUpdateMessage[] = [];
  /** Terminal states that the scheduler acknowledged, per task. */
  readonly ended = new Map<TaskId, TaskState[]>();
  readonly #programs: Program[] = [];
  /** Tasks that the agent was told to kill. */
  readonly #killed = new Set<TaskId>();
  #nextTask = 1;
  #nextStream = 1;
  #nextUuid = 1;
  #isLinked = false;
  #crashes = false;

  constructor() {
    this.#take(this.driver.start(null, true));
    this.#link(true);
  }

  play(moves: readonly Move[]): void {
    for (const each of moves) this.#move(each);
  }

  /**
   * No more faults: containers end, unless they were told to, for then the agent has to see to it; executors finish what they have; the
   * master acknowledges. Then, without tasks, executors are asked to end.
   */
  settle(): void {
    this.#crashes = false;
    this.#link(true);
    for (let round = 0; round < 60 && this.driver.machine.taskCount > 0; round++) {
      for (const program of this.#programs) this.#finish(program);
      for (const [handle, { spec, isRunning }] of [...this.containers]) {
        const isTask = spec.kind === 'commandTask' || spec.kind === 'podTask';
        if (isTask && isRunning && !this.#killed.has(spec.task.taskId)) this.#exit(handle, EXIT_0);
      }
      this.#goOn();
    }
    expect(this.driver.machine.report().tasks).toEqual([]);
    for (let round = 0; round < 20 && !this.isQuiet; round++) {
      for (const id of [...PODS, ...CUSTOM])
        this.#receive({ type: 'SHUTDOWN_EXECUTOR', frameworkId: FRAMEWORK, executorId: id as ExecutorId });
      this.#goOn();
    }
  }

  #goOn(): void {
    for (const handle of [...this.containers.keys()]) this.#advance(handle);
    this.#acknowledge();
    this.#wait(6_000_000);
  }

  get isQuiet(): boolean {
    return this.containers.size === 0 && this.driver.machine.taskCount === 0;
  }

  #move(each: Move): void {
    switch (each.kind) {
      case 'launch':
        this.#launch(each);
        break;
      case 'kill': {
        const taskId = this.launched[each.pick % Math.max(1, this.launched.length)];
        if (taskId === undefined) break;
        if (this.driver.machine.isRegistered) this.#killed.add(taskId);
        const killPolicy = each.grace === null ? null : { gracePeriod: micros(each.grace) };
        this.#receive({ type: 'KILL_TASK', frameworkId: FRAMEWORK, taskId, killPolicy });
        break;
      }
      case 'shutdownExecutor':
        this.#receive({
          type: 'SHUTDOWN_EXECUTOR',
          frameworkId: FRAMEWORK,
          executorId: each.executor as ExecutorId,
        });
        break;
      case 'drain': {
        const config = { maxGracePeriod: micros(1_000_000), markGone: false };
        this.#receive({ type: 'DRAIN_AGENT', config, tasks: null });
        break;
      }
      case 'advance': {
        const handle = this.#pick(each.pick);
        if (handle !== null) this.#advance(handle);
        break;
      }
      case 'exit': {
        const handle = this.#pick(each.pick);
        if (handle !== null && this.containers.get(handle)!.isRunning) this.#exit(handle, each.exit);
        break;
      }
      case 'updateFails': {
        const handle = this.#pick(each.pick);
        const container = handle === null ? undefined : this.containers.get(handle);
        if (container === undefined || container.updates === 0) break;
        container.updates--;
        this.#step({ kind: 'containerUpdated', container: handle!, failure: 'no cgroup' });
        break;
      }
      case 'probed': {
        const handle = this.#pick(each.pick);
        const use = handle === null ? undefined : this.containers.get(handle)!.probes.shift();
        if (use !== undefined)
          this.#step({ kind: 'probed', container: handle!, use, result: each.isGood ? GOOD : BAD });
        break;
      }
      case 'report': {
        const program = this.#programs[each.pick % Math.max(1, this.#programs.length)];
        const task = program?.tasks[each.pick % Math.max(1, program.tasks.length)];
        if (program !== undefined && task !== undefined) this.#report(program, task.taskId, each.state);
        break;
      }
      case 'breakStream': {
        const program = this.#programs[each.pick % Math.max(1, this.#programs.length)];
        if (program === undefined || program.stream === null) break;
        const { stream } = program;
        program.stream = null;
        this.#step({ kind: 'executorStreamClosed', stream });
        break;
      }
      case 'acknowledge':
        this.#acknowledge();
        break;
      case 'link':
        this.#link(each.isUp);
        break;
      case 'wait':
        this.#wait(each.micros);
        break;
      case 'restart':
        this.#restart();
        break;
      case 'crashInNextStep':
        this.#crashes = true;
        break;
      default:
        assertNever(each);
    }
  }

  #launch({ style, executor, count, launchExecutor, isChecked }: Extract<Move, { kind: 'launch' }>): void {
    if (!this.driver.machine.isRegistered) return;
    const common = { frameworkId: FRAMEWORK, framework: frameworkInfo(['TASK_KILLING_STATE']), role: 'dev' };
    const info = executorInfo(
      (style === 'pod' ? PODS : CUSTOM)[executor]!,
      style === 'pod' ? 'DEFAULT' : 'CUSTOM',
    );
    const template = isChecked && (style === 'pod' || style === 'command') ? CHECKED : {};
    const tasks: TaskInfo[] = [];
    const size = style === 'pod' || style === 'customGroup' ? count : 1;
    for (let index = 0; index < size; index++) {
      const own = style === 'custom' ? { command: null, executor: info } : {};
      tasks.push(taskInfo(this.#nextTask++, { ...template, ...own }));
      this.launched.push(tasks.at(-1)!.taskId);
    }
    if (style === 'command')
      this.#receive({ type: 'RUN_TASK', ...common, task: tasks[0]!, launchExecutor: true });
    else if (style === 'custom')
      this.#receive({ type: 'RUN_TASK', ...common, task: tasks[0]!, launchExecutor });
    else this.#receive({ type: 'RUN_TASK_GROUP', ...common, executor: info, tasks, launchExecutor });
  }

  #pick(number: number): ContainerHandle | null {
    const handles = [...this.containers.keys()];
    return handles[number % Math.max(1, handles.length)] ?? null;
  }

  /** The container does the next thing that is due for it. */
  #advance(handle: ContainerHandle): void {
    const container = this.containers.get(handle);
    if (container === undefined) return;
    if (container.isKilled) {
      this.#exit(handle, SIGKILL_EXIT);
    } else if (!container.isRunning) {
      container.isRunning = true;
      this.#step({ kind: 'containerStarted', container: handle, status: null });
    } else if (container.isTermed && handle % 2 === 0) {
      // Others ignore SIGTERM.
      this.#exit(handle, SIGTERM_EXIT);
    } else if (container.updates > 0) {
      container.updates--;
      this.#step({ kind: 'containerUpdated', container: handle, failure: null });
    } else if (container.spec.kind === 'customExecutor') {
      const program = container.program ?? this.#newProgram(container, handle);
      if (program.stream === null) this.#subscribe(program);
      else if (program.isShuttingDown) this.#exit(handle, EXIT_0);
    }
  }

  #newProgram(container: Container, handle: ContainerHandle): Program {
    const program: Program = {
      executorId: container.spec.executorId,
      container: handle,
      stream: null,
      tasks: [],
      unacknowledged: [],
      isShuttingDown: false,
    };
    container.program = program;
    this.#programs.push(program);
    return program;
  }

  #subscribe(program: Program): void {
    program.stream = this.#nextStream++ as ExecutorStreamId;
    this.#call(
      {
        type: 'SUBSCRIBE',
        executorId: program.executorId,
        frameworkId: FRAMEWORK,
        unacknowledgedTasks: program.tasks,
        unacknowledgedUpdates: program.unacknowledged,
      },
      program.stream,
    );
  }

  #report(program: Program, taskId: TaskId, state: TaskState): void {
    const status: TaskStatus = {
      taskId,
      state,
      source: 'SOURCE_EXECUTOR',
      reason: null,
      agentId: null,
      executorId: program.executorId,
      timestamp: micros(this.driver.now),
      uuid: this.#nextUuid++ as UpdateId,
      message: null,
      details: null,
    };
    if (isTerminal(state)) program.tasks = program.tasks.filter((task) => task.taskId !== taskId);
    program.unacknowledged.push(status);
    if (program.stream === null) return;
    this.#call({ type: 'UPDATE', executorId: program.executorId, frameworkId: FRAMEWORK, status }, null);
  }

  /** Everything that it has ends well. */
  #finish(program: Program): void {
    for (const { taskId } of program.tasks) this.#report(program, taskId, 'TASK_FINISHED');
  }

  #call(call: ExecutorCall, stream: ExecutorStreamId | null): void {
    this.#step({ kind: 'executorCalled', request: 0 as never, stream, claims: null, call });
  }

  #exit(handle: ContainerHandle, exit: ContainerExit): void {
    for (const [nested, { parent }] of [...this.containers]) {
      if (parent === handle) this.#exit(nested, SIGKILL_EXIT);
    }
    const container = this.containers.get(handle);
    if (container === undefined) return;
    this.containers.delete(handle);
    const { program } = container;
    if (program !== null) this.#programs.splice(this.#programs.indexOf(program), 1);
    this.#step({ kind: 'containerExited', container: handle, exit });
  }

  #acknowledge(): void {
    let pending = this.sent.splice(0);
    while (pending.length > 0) {
      for (const { frameworkId, status } of pending) {
        if (!this.driver.machine.isRegistered) return;
        if (isTerminal(status.state)) {
          const states = this.ended.get(status.taskId) ?? [];
          if (!states.includes(status.state)) states.push(status.state);
          this.ended.set(status.taskId, states);
        }
        const { taskId } = status;
        this.#receive({ type: 'STATUS_UPDATE_ACKNOWLEDGEMENT', frameworkId, taskId, uuid: status.uuid! });
      }
      pending = this.sent.splice(0);
    }
  }

  #link(isUp: boolean): void {
    if (isUp && !this.driver.machine.isRegistered) {
      this.#isLinked = true;
      this.#step({ kind: 'linkOpened' });
      this.#answerRegistration();
    } else if (!isUp) {
      this.#isLinked = false;
      this.#step({ kind: 'linkClosed' });
    }
  }

  #answerRegistration(): void {
    const { machine } = this.driver;
    if (!this.#isLinked || machine.isRegistered) return;
    if (machine.agentId === null) this.#receive({ type: 'AGENT_REGISTERED', agentId: AGENT });
    else
      this.#receive({
        type: 'AGENT_REREGISTERED',
        agentId: machine.agentId,
        unreported: [],
        unreportedOperations: [],
      });
  }

  #wait(duration: number): void {
    const end = this.driver.now + duration;
    for (let deadline = this.driver.machine.nextDeadline(); deadline !== null && deadline <= end; ) {
      this.driver.now = Math.max(this.driver.now, deadline);
      this.#step({ kind: 'tick' });
      this.#answerRegistration();
      deadline = this.driver.machine.nextDeadline();
    }
    this.driver.now = end;
  }

  #receive(message: Parameters<AgentDriver['receive']>[0]): void {
    this.#step({ kind: 'masterMessage', message });
  }

  #step(input: Parameters<AgentDriver['step']>[0]): void {
    const outputs = this.driver.step(input);
    if (this.#crashes) this.#restart();
    else this.#take(outputs);
  }

  /** A new process: it hears of the containers that its disk names, and the others end. */
  #restart(): void {
    this.#crashes = false;
    this.#isLinked = false;
    this.sent.length = 0;
    for (const program of this.#programs) program.stream = null;
    for (const container of this.containers.values()) {
      container.updates = 0;
      container.probes = [];
    }
    const { next, outputs } = this.driver.restarted(true);
    this.driver = next;
    this.#take(outputs);
    const known = next.machine.liveContainers();
    for (const handle of [...this.containers.keys()]) {
      if (!known.includes(handle)) this.#drop(handle);
    }
    for (const handle of known) {
      const container = this.containers.get(handle);
      if (container === undefined)
        this.#step({ kind: 'containerExited', container: handle, exit: failure('GONE') });
      else if (container.isRunning) this.#step({ kind: 'containerStarted', container: handle, status: null });
    }
    this.#link(true);
  }

  #drop(handle: ContainerHandle): void {
    const program = this.containers.get(handle)?.program ?? null;
    if (program !== null) this.#programs.splice(this.#programs.indexOf(program), 1);
    this.containers.delete(handle);
  }

  #take(outputs: readonly AgentOutput[]): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'launchContainer': {
          const { container: handle, parent, spec } = output;
          assert(!this.ordered.has(handle), 'a handle is used once');
          this.ordered.add(handle);
          assert(
            parent === null || this.containers.get(parent)?.isRunning === true,
            'a pod runs before its tasks',
          );
          this.containers.set(handle, {
            spec,
            parent,
            isRunning: false,
            isKilled: false,
            isTermed: false,
            updates: 0,
            probes: [],
            program: null,
          });
          break;
        }
        case 'signalContainer': {
          const container = this.containers.get(output.container);
          if (container === undefined) break;
          if (output.signal === 'SIGKILL') container.isKilled = true;
          else container.isTermed = true;
          break;
        }
        case 'updateContainer': {
          const container = this.containers.get(output.container);
          if (container !== undefined) container.updates++;
          break;
        }
        case 'probe': {
          const container = this.containers.get(output.container);
          assert(container?.isRunning === true, 'only what runs is probed');
          assert(!container.probes.includes(output.use), 'one probe of a use is under way');
          container.probes.push(output.use);
          break;
        }
        case 'stopProbes': {
          const container = this.containers.get(output.container);
          if (container !== undefined) container.probes = [];
          break;
        }
        case 'executorEvent':
          this.#hear(output.stream, output.event);
          break;
        case 'closeExecutorStream': {
          const program = this.#programs.find(({ stream }) => stream === output.stream);
          if (program !== undefined) program.stream = null;
          break;
        }
        default:
      }
    }
    this.sent.push(...updates(outputs));
  }

  #hear(stream: ExecutorStreamId, event: ExecutorEvent): void {
    const program = this.#programs.find((one) => one.stream === stream);
    if (program === undefined) return;
    switch (event.type) {
      case 'LAUNCH':
        program.tasks.push(event.task);
        break;
      case 'LAUNCH_GROUP':
        program.tasks.push(...event.taskGroup);
        break;
      case 'ACKNOWLEDGED':
        program.unacknowledged = program.unacknowledged.filter(({ uuid }) => uuid !== event.uuid);
        break;
      case 'SHUTDOWN':
        program.isShuttingDown = true;
        break;
      default:
    }
  }
}

const history = fc.array(move, { maxLength: 120, size: 'max' });

describe('an agent among its ports', () => {
  test('keeps its invariants and its disk over any history of crashes between the records and the rest of a step', () => {
    fc.assert(
      fc.property(history, (moves) => {
        new World().play(moves);
      }),
      { numRuns: 300 },
    );
  });

  test('once faults stop, every task that it took ends in exactly one state that is acknowledged, and nothing is left', () => {
    fc.assert(
      fc.property(history, (moves) => {
        const world = new World();
        world.play(moves);
        world.settle();
        expect(world.isQuiet).toBe(true);
        expect(world.driver.machine.liveContainers()).toEqual([]);
        expect(world.driver.machine.report()).toEqual({
          tasks: [],
          executors: [],
          operations: [],
          frameworks: [],
        });
        for (const [, states] of world.ended) expect(states).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });
});
