/** Builders and a driver of one machine for the agent's own tests. */
import type { AgentId, ExecutorId, FrameworkId, TaskId, UpdateId } from '../core/index.ts';
import { assert, type Micros, micros, milli, RollingHash } from '../core/index.ts';
import {
  BLANK_TEMPLATE,
  type AgentInfo,
  type AgentToMaster,
  type ContainerStatus,
  type ExecutorEvent,
  type ExecutorInfo,
  type FrameworkCapability,
  type FrameworkInfo,
  type MasterToAgent,
  type StatusUpdateMessage,
  type TaskInfo,
  type TaskTemplate,
} from '../protocol/index.ts';
import { ALL_AGENT_CAPABILITIES } from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import {
  type AgentCheckpoint,
  type AgentInput,
  AgentMachine,
  type AgentOutput,
  type AgentSettings,
  CheckpointFold,
  type ContainerExit,
  type ContainerHandle,
  type ContainerSpec,
  DEFAULT_AGENT_SETTINGS,
  hashAgentOutput,
  NO_CONTAINER,
  recordsOf,
} from './index.ts';

export const AGENT = 7 as AgentId;
export const SECOND = 1_000_000;

export const FRAMEWORK = 1 as FrameworkId;
export const PLAIN_TEMPLATE: TaskTemplate = {
  ...BLANK_TEMPLATE,
  name: 'sleep',
  command: { value: 'sleep 1', shell: true, args: [], user: null, environment: [], uris: [] },
};

const TASK_RESOURCES = Resources.ofScalars({ cpus: milli(1_000), mem: milli(64_000), disk: milli(10_000) });

export const AGENT_INFO: AgentInfo = {
  id: null,
  hostname: 'agent-1',
  ip: null,
  port: 5051,
  resources: Resources.ofScalars({ cpus: milli(8_000), mem: milli(16_384_000) }),
  attributes: [],
  domain: null,
  capabilities: ALL_AGENT_CAPABILITIES,
  version: '1.12.0',
};

export function frameworkInfo(
  capabilities: readonly FrameworkCapability[] = [],
  checkpoint = true,
): FrameworkInfo {
  return {
    user: 'root',
    name: 'test',
    id: null,
    failoverTimeout: 0,
    checkpoint,
    role: null,
    roles: ['*'],
    hostname: '',
    principal: null,
    webuiUrl: null,
    capabilities: ['MULTI_ROLE', ...capabilities],
    labels: null,
    offerFilters: new Map(),
  };
}

export function taskInfo(
  taskId: number,
  template: Partial<TaskTemplate> = {},
  agentId: AgentId = AGENT,
): TaskInfo {
  return {
    taskId: taskId as TaskId,
    agentId,
    resources: TASK_RESOURCES,
    template: { ...PLAIN_TEMPLATE, ...template },
  };
}

export function executorInfo(executorId: number, type: ExecutorInfo['type'] = 'DEFAULT'): ExecutorInfo {
  return {
    type,
    executorId: executorId as ExecutorId,
    frameworkId: FRAMEWORK,
    command: null,
    container: null,
    resources: Resources.ofScalars({ cpus: milli(100), mem: milli(32_000), disk: milli(1_000) }),
    name: 'pod',
    shutdownGracePeriod: null,
    labels: null,
    data: null,
  };
}

export const EXIT_0: ContainerExit = { code: 0, signal: null, cause: null, message: null };
export const EXIT_1: ContainerExit = { code: 1, signal: null, cause: null, message: null };
export const SIGTERM_EXIT: ContainerExit = { code: null, signal: 15, cause: null, message: null };
export const SIGKILL_EXIT: ContainerExit = { code: null, signal: 9, cause: null, message: null };

export function failure(cause: NonNullable<ContainerExit['cause']>): ContainerExit {
  return { code: null, signal: null, cause, message: null };
}

/** One machine with a clock; every step checks the machine's invariants. */
export class AgentDriver {
  readonly machine: AgentMachine;
  readonly hash = new RollingHash();
  /** What outputs about a container are about, for `words`. */
  static readonly subjects = new WeakMap<AgentOutput, string>();
  now = 0;
  readonly settings: AgentSettings;
  /** What a driver that writes records has on its disk; null without `checkpointing`. */
  readonly disk: CheckpointFold | null;
  #containers = new Map<string, ContainerHandle>();
  #executors = new Map<string, ContainerHandle>();
  /** A task's number, or `executor` and an executor's. */
  #names = new Map<ContainerHandle, string>();

  constructor(settings: Partial<AgentSettings> = {}, seed = 1) {
    this.settings = { ...DEFAULT_AGENT_SETTINGS, ...settings };
    this.disk = this.settings.checkpointing ? new CheckpointFold() : null;
    this.machine = new AgentMachine({ info: AGENT_INFO, seed, settings: this.settings });
  }

  /** A registered agent on a fresh disk. */
  static registered(settings: Partial<AgentSettings> = {}): AgentDriver {
    const driver = new AgentDriver(settings);
    driver.start(null, true);
    driver.step({ kind: 'linkOpened' });
    driver.receive({ type: 'AGENT_REGISTERED', agentId: AGENT });
    return driver;
  }

  step(input: AgentInput): AgentOutput[] {
    const outputs: AgentOutput[] = [];
    this.machine.step(this.now as Micros, input, outputs);
    this.machine.checkInvariants();
    for (const output of outputs) {
      hashAgentOutput(this.hash, output);
      if (output.kind === 'launchContainer') this.#launched(output.container, output.spec);
      if ('container' in output)
        AgentDriver.subjects.set(output, this.#names.get(output.container) ?? `${output.container}`);
    }
    return this.disk === null ? outputs : this.#written(this.disk, outputs);
  }

  start(recovered: AgentCheckpoint | null, containersAlive: boolean): AgentOutput[] {
    return this.step({ kind: 'started', recovered, containersAlive });
  }

  receive(message: MasterToAgent): AgentOutput[] {
    return this.step({ kind: 'masterMessage', message });
  }

  run(task: TaskInfo, framework = frameworkInfo(), frameworkId = FRAMEWORK): AgentOutput[] {
    return this.receive({
      type: 'RUN_TASK',
      frameworkId,
      framework,
      role: 'dev',
      task,
      launchExecutor: true,
    });
  }

  runGroup(
    executorId: number,
    tasks: readonly TaskInfo[],
    options: {
      readonly launchExecutor?: boolean;
      readonly framework?: FrameworkInfo;
      readonly type?: ExecutorInfo['type'];
    } = {},
  ): AgentOutput[] {
    const { launchExecutor = true, framework = frameworkInfo(), type = 'DEFAULT' } = options;
    const executor = executorInfo(executorId, type);
    return this.receive({
      type: 'RUN_TASK_GROUP',
      frameworkId: FRAMEWORK,
      framework,
      role: 'dev',
      executor,
      tasks,
      launchExecutor,
    });
  }

  /** The container that was ordered last for the task; 0 if none was. */
  containerOf(taskId: number, frameworkId = FRAMEWORK): ContainerHandle {
    return this.#containers.get(`${frameworkId} ${taskId}`) ?? NO_CONTAINER;
  }

  /** The container that was ordered last for the executor; 0 if none was. */
  containerOfExecutor(executorId: number, frameworkId = FRAMEWORK): ContainerHandle {
    return this.#executors.get(`${frameworkId} ${executorId}`) ?? NO_CONTAINER;
  }

  started(taskId: number, frameworkId = FRAMEWORK, status: ContainerStatus | null = null): AgentOutput[] {
    return this.step({ kind: 'containerStarted', container: this.containerOf(taskId, frameworkId), status });
  }

  exited(taskId: number, exit: ContainerExit, frameworkId = FRAMEWORK): AgentOutput[] {
    return this.step({ kind: 'containerExited', container: this.containerOf(taskId, frameworkId), exit });
  }

  executorStarted(executorId: number, status: ContainerStatus | null = null): AgentOutput[] {
    return this.step({ kind: 'containerStarted', container: this.containerOfExecutor(executorId), status });
  }

  executorExited(executorId: number, exit: ContainerExit): AgentOutput[] {
    return this.step({ kind: 'containerExited', container: this.containerOfExecutor(executorId), exit });
  }

  /** The port's answer to the oldest `updateContainer` of the executor. */
  updated(executorId: number, failure: string | null = null): AgentOutput[] {
    return this.step({ kind: 'containerUpdated', container: this.containerOfExecutor(executorId), failure });
  }

  kill(taskId: number, graceSeconds: number | null = null, frameworkId = FRAMEWORK): AgentOutput[] {
    const killPolicy = graceSeconds === null ? null : { gracePeriod: micros(graceSeconds * SECOND) };
    return this.receive({ type: 'KILL_TASK', frameworkId, taskId: taskId as TaskId, killPolicy });
  }

  acknowledge(taskId: number, uuid: number, frameworkId = FRAMEWORK): AgentOutput[] {
    return this.receive({
      type: 'STATUS_UPDATE_ACKNOWLEDGEMENT',
      frameworkId,
      taskId: taskId as TaskId,
      uuid: uuid as UpdateId,
    });
  }

  /** Acknowledges the updates among `outputs` and those that follow, until nothing more is sent. Returns all of them. */
  acknowledgeAll(outputs: readonly AgentOutput[]): StatusUpdateMessage[] {
    const seen: StatusUpdateMessage[] = [];
    let pending = updates(outputs);
    while (pending.length > 0) {
      seen.push(...pending);
      pending = pending.flatMap(({ frameworkId, status }) =>
        updates(this.acknowledge(status.taskId, status.uuid!, frameworkId)),
      );
    }
    return seen;
  }

  /** Starts a group on a pod that is made for it, or, with `launchExecutor` false, on one that runs. */
  startGroup(
    executorId: number,
    tasks: readonly TaskInfo[],
    options: Parameters<AgentDriver['runGroup']>[2] = {},
  ): AgentOutput[] {
    const order = this.runGroup(executorId, tasks, options);
    const answer =
      options.launchExecutor === false ? this.updated(executorId) : this.executorStarted(executorId);
    return [...order, ...answer];
  }

  /** Goes on to the next deadline and ticks. */
  tickAtDeadline(): AgentOutput[] {
    this.now = this.machine.nextDeadline()!;
    return this.step({ kind: 'tick' });
  }

  /** A new process on the same disk; the clock goes on. */
  restarted(containersAlive: boolean): { readonly next: AgentDriver; readonly outputs: AgentOutput[] } {
    const next = new AgentDriver(this.settings);
    next.now = this.now;
    next.#containers = new Map(this.#containers);
    next.#executors = new Map(this.#executors);
    next.#names = new Map(this.#names);
    const recovered = this.disk === null ? this.machine.checkpoint() : this.disk.checkpoint();
    if (next.disk !== null) for (const record of recordsOf(recovered)) next.disk.apply(record);
    const outputs = next.start(recovered, containersAlive);
    return { next, outputs };
  }

  reregister(
    unreported: Extract<MasterToAgent, { type: 'AGENT_REREGISTERED' }>['unreported'] = [],
  ): AgentOutput[] {
    const asked = this.step({ kind: 'linkOpened' });
    return [
      ...asked,
      ...this.receive({ type: 'AGENT_REREGISTERED', agentId: AGENT, unreported, unreportedOperations: [] }),
    ];
  }

  /** Takes the records out of the outputs and onto the disk, which then holds what the machine would have it hold. */
  #written(disk: CheckpointFold, outputs: readonly AgentOutput[]): AgentOutput[] {
    for (const output of outputs) if (output.kind === 'checkpoint') disk.apply(output.record);
    const [written, wanted] = [disk.checkpoint(), this.machine.checkpoint()];
    assert(checkpointText(written) === checkpointText(wanted), 'the disk holds what the machine has');
    assert(written.nextUpdate >= wanted.nextUpdate, 'no id of an update is used twice');
    assert(written.nextContainer >= wanted.nextContainer, 'no handle of a container is used twice');
    return outputs.filter(({ kind }) => kind !== 'checkpoint');
  }

  #launched(container: ContainerHandle, spec: ContainerSpec): void {
    const { frameworkId } = spec;
    if (spec.kind === 'commandTask' || spec.kind === 'podTask') {
      this.#containers.set(`${frameworkId} ${spec.task.taskId}`, container);
      this.#names.set(container, `${spec.task.taskId}`);
    } else {
      this.#executors.set(`${frameworkId} ${spec.executorId}`, container);
      this.#names.set(container, `executor ${spec.executorId}`);
    }
  }
}

/** A checkpoint as text, whatever the order of its parts; without the counters, which a disk may have ahead. */
export function checkpointText(checkpoint: AgentCheckpoint): string {
  const { nextUpdate: _update, nextContainer: _container, ...rest } = checkpoint;
  const lines: string[] = [];
  for (const [name, part] of Object.entries(rest)) {
    const parts: readonly unknown[] = Array.isArray(part) ? part : [part];
    for (const one of parts) lines.push(`${name} ${JSON.stringify(one, asText)}`);
  }
  return lines.sort().join('\n');
}

function asText(_key: string, value: unknown): unknown {
  if (value instanceof Resources) return value.toString();
  return value instanceof Map ? [...value] : value;
}

export function messages(outputs: readonly AgentOutput[]): AgentToMaster[] {
  return outputs.flatMap((output) => (output.kind === 'toMaster' ? [output.message] : []));
}

export function updates(outputs: readonly AgentOutput[]): StatusUpdateMessage[] {
  return messages(outputs).filter((message) => message.type === 'STATUS_UPDATE');
}

/** Outputs in one word each: `TASK_RUNNING 1`, `launch 1`, `SIGTERM 1`, `launch executor 50`, `REGISTER_AGENT`, `reconnect`. */
export function words(outputs: readonly AgentOutput[]): string[] {
  return outputs.map((output) => {
    const subject = AgentDriver.subjects.get(output) ?? '?';
    switch (output.kind) {
      case 'toMaster':
        return output.message.type === 'STATUS_UPDATE'
          ? `${output.message.status.state} ${output.message.status.taskId}`
          : output.message.type;
      case 'launchContainer':
        return `launch ${subject}`;
      case 'signalContainer':
        return `${output.signal} ${subject}`;
      case 'updateContainer':
        return `update ${subject}`;
      case 'probe':
        return `${output.use} ${subject}`;
      case 'stopProbes':
      case 'removeSandbox':
        return `${output.kind} ${subject}`;
      case 'executorEvent':
        return eventWord(output.event);
      case 'refuseExecutorCall':
        return output.error.code;
      default:
        return output.kind;
    }
  });
}

function eventWord(event: ExecutorEvent): string {
  switch (event.type) {
    case 'LAUNCH':
      return `LAUNCH ${event.task.taskId}`;
    case 'LAUNCH_GROUP':
      return `LAUNCH_GROUP ${event.taskGroup.map(({ taskId }) => taskId).join()}`;
    case 'KILL':
    case 'ACKNOWLEDGED':
      return `${event.type} ${event.taskId}`;
    default:
      return event.type;
  }
}
