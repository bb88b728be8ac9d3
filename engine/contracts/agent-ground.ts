import type { AgentOutput, ContainerHandle, ContainerSpec, Probe } from '../agent/index.ts';
import {
  assert,
  type ExecutorId,
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
  milli,
  type TaskId,
} from '../core/index.ts';
import {
  BLANK_TEMPLATE,
  type CommandInfo,
  type ContainerInfo,
  type ExecutorInfo,
  type TaskInfo,
} from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import {
  type AgentScript,
  SCRIPTED_AGENT,
  SCRIPTED_FRAMEWORK,
  SCRIPTED_FRAMEWORK_INFO,
} from './scripted-agent.ts';

/** What a machine with an agent may not be able to do or suffer. */
export type AgentAbility =
  /** A container of it can hang: it neither ends nor heeds SIGTERM. */
  | 'hang'
  /** A program heeds SIGTERM from its first instant on, not only once it has said so. */
  | 'heedAtOnce'
  /** Containers are nested in others. */
  | 'nest'
  | 'memoryLimit'
  | 'diskLimit'
  /** Custom executors run on it. */
  | 'executors';

/** What the program in a container does. */
export interface Work {
  /** It ends by itself, with code 0, after this; null: it runs until it is ended. */
  readonly runs: Micros | null;
  /** Its container cannot be started. */
  readonly cannotStart: boolean;
}

/** How a probe of a container turns out. */
export type Wellness = 'well' | 'ill' | 'mute';

/**
 * One machine with an agent's process on it, whose decisions are those of `script`. The driver under test does all the rest: it gives the process its
 * inputs and carries out its outputs.
 */
export interface AgentWorld {
  readonly script: AgentScript;
  /** Of a task or executor. */
  name(): TaskId & ExecutorId;
  /** What makes a container do such work. */
  command(work: Work): { readonly command: CommandInfo | null; readonly container: ContainerInfo | null };
  /** What makes a container a custom executor, which follows spec 04: the command, and the data of a task of its that does such work. */
  executorCommand(): CommandInfo | null;
  executorData(task: TaskId, work: Work): Uint8Array | null;
  /** Told before its launch. */
  willDo(container: ContainerHandle, spec: ContainerSpec, work: Work): void;
  /** A probe of that type that turns out so. */
  probe(container: ContainerHandle, type: Probe['type'], wellness: Wellness): Promise<Probe>;
  /** Lets time pass. */
  pass(duration: Micros): Promise<void>;
  /** Lets time pass until something holds; false if it does not for very long. */
  until(holds: () => boolean | Promise<boolean>): Promise<boolean>;

  // What happens to the machine.

  /** The agent's process ends, in good order; containers run on. */
  stop(): Promise<void>;
  /** The next process starts on the same disk. */
  start(): Promise<void>;
  /** After `stop`: the host is booted anew. */
  reboot(): Promise<void>;
  /** The container's program ends with code 1. */
  crash(container: ContainerHandle): Promise<void>;
  /** The container uses more than it may. */
  exceed(container: ContainerHandle, limit: 'MEMORY_LIMIT' | 'DISK_LIMIT'): Promise<void>;
  /** The container hangs for that long. */
  hang(container: ContainerHandle, duration: Micros): Promise<void>;
  /** Whether anything of the container runs. */
  isAlive(container: ContainerHandle): Promise<boolean>;
}

export const MILLISECOND = MICROS_PER_MILLISECOND;
/** Long enough for whatever is to be told, told twice, or told of what has ended. */
const QUIET = micros(700 * MILLISECOND);

const TASK = Resources.ofScalars({ cpus: milli(200), mem: milli(64_000), disk: milli(8_000) });
const EXECUTOR = Resources.ofScalars({ cpus: milli(100), mem: milli(64_000), disk: milli(8_000) });

/** What the cases of an agent's contracts do: orders and looks. */
export class AgentGround {
  readonly world: AgentWorld;

  constructor(world: AgentWorld) {
    this.world = world;
  }

  get script(): AgentScript {
    return this.world.script;
  }

  /** Orders of one step. */
  order(...outputs: readonly AgentOutput[]): void {
    this.script.order(...outputs);
  }

  signal(container: ContainerHandle, signal: 'SIGTERM' | 'SIGKILL'): void {
    this.order({ kind: 'signalContainer', container, signal });
  }

  removeSandbox(container: ContainerHandle): void {
    const { frameworkId, executorId } = this.script.specOf(container);
    this.order({ kind: 'removeSandbox', container, frameworkId, executorId });
  }

  /** A command task. */
  launch(work: Partial<Work> = {}, isKnown = true): ContainerHandle {
    const { container, outputs } = this.launching(work, isKnown);
    this.order(...outputs);
    return container;
  }

  /** The same, not ordered yet. */
  launching(
    work: Partial<Work> = {},
    isKnown = true,
  ): { readonly container: ContainerHandle; readonly outputs: readonly AgentOutput[] } {
    const taskId = this.world.name();
    const spec: ContainerSpec = {
      kind: 'commandTask',
      ...OWNER,
      executorId: taskId,
      task: this.#task(taskId, work),
      overhead: Resources.EMPTY,
    };
    return this.#launching(null, spec, work, isKnown);
  }

  /** A place for nested containers. */
  launchPod(): Pod {
    const executorId = this.world.name();
    const spec: ContainerSpec = {
      kind: 'pod',
      ...OWNER,
      executorId,
      executor: executorInfo(executorId, 'DEFAULT', null),
      resources: EXECUTOR,
    };
    const { container, outputs } = this.#launching(null, spec, {}, true);
    this.order(...outputs);
    return { container, executorId };
  }

  launchInto(pod: Pod, work: Partial<Work> = {}): ContainerHandle {
    const { container, outputs } = this.launchingInto(pod, work);
    this.order(...outputs);
    return container;
  }

  launchingInto(
    pod: Pod,
    work: Partial<Work> = {},
  ): { readonly container: ContainerHandle; readonly outputs: readonly AgentOutput[] } {
    const taskId = this.world.name();
    const { executorId } = pod;
    const spec: ContainerSpec = { kind: 'podTask', ...OWNER, executorId, task: this.#task(taskId, work) };
    return this.#launching(pod.container, spec, work, true);
  }

  launchExecutor(checkpoint = true, recoveryTimeout = micros(900 * MICROS_PER_SECOND)): Pod {
    const executorId = this.world.name();
    const spec: ContainerSpec = {
      kind: 'customExecutor',
      ...OWNER,
      framework: { ...SCRIPTED_FRAMEWORK_INFO, checkpoint },
      executorId,
      executor: executorInfo(executorId, 'CUSTOM', this.world.executorCommand()),
      resources: EXECUTOR,
      environment: {
        checkpoint,
        recoveryTimeout: checkpoint ? recoveryTimeout : null,
        subscriptionBackoffMax: checkpoint ? micros(MICROS_PER_SECOND) : null,
        shutdownGracePeriod: micros(5 * MICROS_PER_SECOND),
      },
    };
    const { container, outputs } = this.#launching(null, spec, {}, true);
    this.order(...outputs);
    return { container, executorId };
  }

  /** A task for a custom executor, not sent yet. */
  taskFor(work: Partial<Work> = {}): TaskInfo {
    const taskId = this.world.name();
    const data = this.world.executorData(taskId, workOf(work));
    return {
      taskId,
      agentId: SCRIPTED_AGENT,
      resources: TASK,
      template: { ...BLANK_TEMPLATE, name: 'work', data },
    };
  }

  /** Waits until something is so; `what` says what is missing otherwise. */
  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    assert(await this.world.until(holds), `it comes to be so that ${what}`);
  }

  async started(...containers: readonly ContainerHandle[]): Promise<void> {
    for (const container of containers)
      await this.until(() => this.script.isStarted(container), `container ${container} has started`);
  }

  async ended(...containers: readonly ContainerHandle[]): Promise<void> {
    for (const container of containers)
      await this.until(() => this.script.exitOf(container) !== null, `container ${container} has ended`);
  }

  /** Waits until all orders are taken, and long enough for what they bring about to be told. */
  async quiet(): Promise<void> {
    await this.until(() => this.script.isTaken, 'all orders are taken');
    await this.world.pass(QUIET);
  }

  /** The agent's process ends and another one starts. `meanwhile` happens in between. */
  async restart(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.until(() => this.script.isTaken, 'all orders are taken');
    await this.world.stop();
    await meanwhile();
    await this.world.start();
  }

  #task(taskId: TaskId, work: Partial<Work>) {
    const template = { ...BLANK_TEMPLATE, name: 'work', ...this.world.command(workOf(work)) };
    return { taskId, agentId: SCRIPTED_AGENT, resources: TASK, template };
  }

  #launching(
    parent: ContainerHandle | null,
    spec: ContainerSpec,
    work: Partial<Work>,
    isKnown: boolean,
  ): { readonly container: ContainerHandle; readonly outputs: readonly AgentOutput[] } {
    const container = this.script.handle();
    this.world.willDo(container, spec, workOf(work));
    return { container, outputs: this.script.launchOf(container, parent, spec, isKnown) };
  }
}

/** A container with the executor that it is of. */
export interface Pod {
  readonly container: ContainerHandle;
  readonly executorId: ExecutorId;
}

function workOf({ runs = null, cannotStart = false }: Partial<Work>): Work {
  return { runs, cannotStart };
}

const OWNER = { frameworkId: SCRIPTED_FRAMEWORK, framework: SCRIPTED_FRAMEWORK_INFO, role: 'dev' } as const;

function executorInfo(
  executorId: ExecutorId,
  type: ExecutorInfo['type'],
  command: CommandInfo | null,
): ExecutorInfo {
  return {
    type,
    executorId,
    frameworkId: SCRIPTED_FRAMEWORK,
    command,
    container: null,
    resources: EXECUTOR,
    name: 'executor',
    shutdownGracePeriod: null,
    labels: null,
    data: null,
  };
}
