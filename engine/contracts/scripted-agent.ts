import {
  type AgentCheckpoint,
  type AgentInput,
  AgentMachine,
  type AgentOptions,
  type AgentOutput,
  CheckpointFold,
  type CheckpointRecord,
  type ContainerExit,
  type ContainerHandle,
  type ContainerSpec,
  type ProbeResult,
  type ProbeUse,
  recordsOf,
} from '../agent/index.ts';
import {
  type AgentId,
  assert,
  type ExecutorId,
  type FrameworkId,
  type MasterEpoch,
  type Micros,
  MICROS_PER_MILLISECOND,
  micros,
  mintAgentId,
  mintFrameworkId,
  type Sink,
  type UpdateId,
} from '../core/index.ts';
import type { FrameworkInfo } from '../protocol/index.ts';

const EPOCH = 1 as MasterEpoch;
export const SCRIPTED_AGENT: AgentId = mintAgentId(EPOCH, 1);
export const SCRIPTED_FRAMEWORK: FrameworkId = mintFrameworkId(EPOCH, 1);
/** Between two ticks. */
const BEAT = 5 * MICROS_PER_MILLISECOND;

/** What one process of the agent was told. */
export interface Heard {
  /** The first one is 1. */
  readonly process: number;
  readonly now: Micros;
  readonly input: AgentInput;
}

export type ExecutorCalled = Extract<AgentInput, { readonly kind: 'executorCalled' }>;

/** An answer to a probe. */
export interface Answer {
  readonly now: Micros;
  readonly use: ProbeUse;
  readonly result: ProbeResult;
}

/** An agent's machine that decides nothing: a script says what it orders, and it notes what it is told. */
class ScriptedAgent extends AgentMachine {
  readonly #script: AgentScript;
  readonly #process: number;
  #disk = new CheckpointFold();
  #now = 0;
  #isOver = false;

  constructor(options: AgentOptions, script: AgentScript, process: number) {
    super(options);
    this.#script = script;
    this.#process = process;
  }

  override get agentId(): AgentId {
    return SCRIPTED_AGENT;
  }

  override nextDeadline(): Micros | null {
    return this.#isOver ? null : micros(this.#now + BEAT);
  }

  override checkpoint(): AgentCheckpoint {
    return this.#disk.checkpoint();
  }

  override step(now: Micros, input: AgentInput, outputs: Sink<AgentOutput>): void {
    assert(now >= this.#now, 'no instant comes after a later one');
    if (input.kind === 'tick')
      assert(now >= this.#now + BEAT, 'no tick comes before the deadline that it is for');
    this.#now = now;
    assert(!this.#isOver, 'nothing is told to a process that has ended');
    // Inputs are reused: what is kept is a copy.
    this.#script.heard.push({ process: this.#process, now, input: { ...input } });
    switch (input.kind) {
      case 'started':
        for (const record of input.recovered === null ? [] : recordsOf(input.recovered))
          this.#disk.apply(record);
        break;
      case 'containerExited':
        for (const record of this.#script.forgets(input.container)) this.#write(record, outputs);
        break;
      case 'terminate':
        this.#isOver = true;
        outputs.push({
          kind: 'exit',
          reason: 'the script is over',
          containers: input.how === 'stop' ? 'keep' : 'end',
        });
        break;
      case 'executorCalled':
        for (const output of this.#script.answer?.(input) ?? []) outputs.push(output);
        break;
      case 'tick':
        for (const output of this.#script.next(now)) {
          if (output.kind === 'checkpoint') this.#write(output.record, outputs);
          else outputs.push(output);
        }
        break;
      default:
    }
  }

  #write(record: CheckpointRecord, outputs: Sink<AgentOutput>): void {
    this.#disk.apply(record);
    outputs.push({ kind: 'checkpoint', record });
  }
}

/** What an agent orders in one test, and what it is told: over all processes that run one after the other on its machine. */
export class AgentScript {
  readonly heard: Heard[] = [];
  /** What is ordered at once when an executor calls, such as a refusal. */
  answer: ((call: ExecutorCalled) => readonly AgentOutput[]) | null = null;
  readonly #steps: (readonly AgentOutput[])[] = [];
  readonly #launched = new Map<
    ContainerHandle,
    { readonly spec: ContainerSpec; readonly parent: ContainerHandle | null }
  >();
  #processes = 0;
  #handles = 0;
  #lastTaken = micros(0);

  /** For the driver under test, in place of its own: the machine of the next process. */
  readonly machine = (options: AgentOptions): AgentMachine =>
    new ScriptedAgent(options, this, ++this.#processes);

  /** Processes that there have been. */
  get processes(): number {
    return this.#processes;
  }

  handle(): ContainerHandle {
    return ++this.#handles as ContainerHandle;
  }

  /** Outputs of one step, which the next free tick takes. */
  order(...outputs: readonly AgentOutput[]): void {
    this.#steps.push(outputs);
  }

  /** Whether all that was ordered has been taken. */
  get isTaken(): boolean {
    return this.#steps.length === 0;
  }

  /** Takes back the orders that were not taken. Returns of how many steps they were. */
  withdraw(): number {
    return this.#steps.splice(0).length;
  }

  /** When orders were taken last. */
  get lastTaken(): Micros {
    return this.#lastTaken;
  }

  /** The next step's outputs. */
  next(now: Micros): readonly AgentOutput[] {
    const step = this.#steps.shift();
    if (step !== undefined) this.#lastTaken = now;
    return step ?? [];
  }

  /** The order to launch, with the records that an agent makes of it; `isKnown` false leaves these out. */
  launchOf(
    container: ContainerHandle,
    parent: ContainerHandle | null,
    spec: ContainerSpec,
    isKnown = true,
  ): readonly AgentOutput[] {
    this.#launched.set(container, { spec, parent });
    const records = isKnown ? recordsOfLaunch(container, spec) : [];
    return [
      ...records.map((record) => ({ kind: 'checkpoint' as const, record })),
      { kind: 'launchContainer', container, parent, spec },
    ];
  }

  /** Of a container that was ordered. */
  specOf(container: ContainerHandle): ContainerSpec {
    const launch = this.#launched.get(container);
    assert(launch !== undefined, `container ${container} was ordered`);
    return launch.spec;
  }

  /** What an agent strikes out when a container has ended. */
  forgets(container: ContainerHandle): readonly CheckpointRecord[] {
    const spec = this.#launched.get(container)?.spec;
    if (spec === undefined) return [];
    const { frameworkId, executorId } = spec;
    return spec.kind === 'commandTask' || spec.kind === 'podTask'
      ? [{ kind: 'taskForgotten', frameworkId, taskId: spec.task.taskId }]
      : [{ kind: 'executorForgotten', frameworkId, executorId }];
  }

  /** All that was told of a container, in words; `|` where another process begins. */
  story(container: ContainerHandle): string[] {
    const words: string[] = [];
    let last = this.heard.find(({ input }) => isAbout(input, container))?.process ?? 0;
    for (const { process, input } of this.heard) {
      if (!isAbout(input, container)) continue;
      for (; last < process; last++) words.push('|');
      words.push(wordOf(input));
    }
    return words;
  }

  /** How a container ended; null while that was not told. */
  exitOf(container: ContainerHandle): ContainerExit | null {
    for (const { input } of this.heard)
      if (input.kind === 'containerExited' && input.container === container) return input.exit;
    return null;
  }

  /** What an executor called, oldest first. */
  callsOf(executorId: ExecutorId): (ExecutorCalled & { readonly process: number })[] {
    const calls: (ExecutorCalled & { readonly process: number })[] = [];
    for (const { process, input } of this.heard)
      if (input.kind === 'executorCalled' && input.call.executorId === executorId)
        calls.push({ ...input, process });
    return calls;
  }

  /** The answers to probes of a container, oldest first. */
  answersOf(container: ContainerHandle): Answer[] {
    const answers: Answer[] = [];
    for (const { now, input } of this.heard)
      if (input.kind === 'probed' && input.container === container)
        answers.push({ now, use: input.use, result: input.result });
    return answers;
  }

  /** Whether the process of now has been told that the container runs. */
  isStarted(container: ContainerHandle): boolean {
    return this.heard.some(
      ({ process, input }) =>
        process === this.#processes && input.kind === 'containerStarted' && input.container === container,
    );
  }

  /**
   * What holds of every history: a container is told of after its launch only, to have started at most once to each process and never after its
   * end, to have ended at most once, and after all that is nested in it.
   */
  check(): void {
    const ended = new Set<ContainerHandle>();
    const started = new Set<string>();
    for (const { process, input } of this.heard) {
      if (input.kind !== 'containerStarted' && input.kind !== 'containerExited') continue;
      const { container } = input;
      const launch = this.#launched.get(container);
      assert(launch !== undefined, `nothing is told of container ${container}, which was never ordered`);
      assert(!ended.has(container), `nothing is told of container ${container} after its end`);
      if (input.kind === 'containerStarted') {
        const key = `${process} ${container}`;
        assert(!started.has(key), `container ${container} starts once`);
        started.add(key);
        continue;
      }
      ended.add(container);
      for (const nested of started) {
        const handle = Number(nested.split(' ')[1]) as ContainerHandle;
        assert(
          this.#launched.get(handle)!.parent !== container || ended.has(handle),
          `container ${handle} ends before container ${container}, in which it is nested`,
        );
      }
    }
  }
}

function isAbout(input: AgentInput, container: ContainerHandle): boolean {
  return 'container' in input && input.container === container;
}

function wordOf(input: AgentInput): string {
  switch (input.kind) {
    case 'containerStarted':
      return 'started';
    case 'containerExited': {
      const { code, signal, cause } = input.exit;
      return `exited ${cause ?? (code === null ? `signal ${signal}` : `code ${code}`)}`;
    }
    case 'containerUpdated':
      return input.failure === null ? 'updated' : 'not updated';
    case 'probed':
      return `${input.use} ${input.result.kind}`;
    default:
      return input.kind;
  }
}

/** As an agent's own records: what its next process finds of the container. */
function recordsOfLaunch(container: ContainerHandle, spec: ContainerSpec): readonly CheckpointRecord[] {
  const { frameworkId, executorId, framework, role } = spec;
  const agent: CheckpointRecord = {
    kind: 'agent',
    agent: {
      agentId: SCRIPTED_AGENT,
      info: null,
      resources: null,
      drain: null,
      newestOperation: null,
      nextUpdate: 1 as UpdateId,
      nextContainer: (container + 1) as ContainerHandle,
    },
  };
  const owner: CheckpointRecord = { kind: 'framework', framework: { id: frameworkId, info: framework } };
  if (spec.kind === 'pod' || spec.kind === 'customExecutor') {
    const executor = {
      frameworkId,
      info: spec.executor,
      role,
      kind: spec.kind === 'pod' ? ('pod' as const) : ('custom' as const),
      container,
      status: null,
      isTerminating: false,
      ending: 'none' as const,
      deadline: null,
      nextGroup: 1,
    };
    return [agent, owner, { kind: 'executor', executor }];
  }
  const { task } = spec;
  return [
    agent,
    owner,
    {
      kind: 'task',
      task: {
        frameworkId,
        taskId: task.taskId,
        executorId,
        task,
        role,
        group: spec.kind === 'podTask' ? 1 : null,
        hasExecutor: spec.kind === 'podTask',
        progress: {
          container,
          status: null,
          phase: 'launching',
          state: 'TASK_STARTING',
          ending: 'none',
          killedAt: null,
          killGrace: null,
          deadline: null,
          healthy: null,
          checkStatus: null,
          updates: [],
          recorded: null,
        },
      },
    },
  ];
}

export const SCRIPTED_FRAMEWORK_INFO: FrameworkInfo = {
  user: 'root',
  name: 'contract',
  id: SCRIPTED_FRAMEWORK,
  failoverTimeout: 0,
  checkpoint: true,
  role: null,
  roles: ['dev'],
  hostname: '',
  principal: null,
  webuiUrl: null,
  capabilities: ['MULTI_ROLE'],
  labels: null,
  offerFilters: new Map(),
};
