/** Builders and a driver of one machine for the master's own tests. */
import {
  type AgentId,
  type ExecutorId,
  type FrameworkId,
  type MasterEpoch,
  type Micros,
  micros,
  milli,
  type OfferId,
  type TaskId,
  type UpdateId,
} from '../core/index.ts';
import {
  BLANK_TEMPLATE,
  type AgentInfo,
  type AgentToMaster,
  ALL_AGENT_CAPABILITIES,
  type AuthorizationRequest,
  type ExecutorInfo,
  type ExtensionCall,
  type FrameworkCapability,
  type FrameworkInfo,
  type MasterToAgent,
  type Offer,
  type OfferOperation,
  type OperatorMutation,
  type ReportedTask,
  type SchedulerCall,
  type SchedulerEvent,
  type SubscribeCall,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
  type TaskTemplate,
} from '../protocol/index.ts';
import { type RegistryOperation, type RegistrySnapshot, RegistryState } from '../registry/index.ts';
import { Resources } from '../resources/index.ts';
import type { AllocatorFactory, AllocatorOptions } from './allocator.ts';
import { callErrorText } from './call-error.ts';
import type { LinkId, MasterInput, OperatorStreamId, RequestId, StreamId } from './input.ts';
import { MasterMachine } from './master-machine.ts';
import { DEFAULT_MASTER_OPTIONS, type MasterOptions } from './options.ts';
import type { MasterOutput } from './output.ts';
import { bookedPolicy } from './booked-policy.ts';
import { expectedHoldings, PlainAllocator } from './plain-allocator.ts';

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;

export const ALLOCATOR_OPTIONS: AllocatorOptions = {
  allocationInterval: micros(SECOND),
  timing: 'mesos',
  eventDelay: micros(5_000),
  declinerGuard: false,
  minAllocatable: [],
  fairnessExclude: [],
  filterGpuResources: false,
  domain: null,
  recoveryTimeout: micros(10 * MINUTE),
  agentRecoveryFactor: 0.8,
  roleSorter: 'drf',
  frameworkSorter: 'drf',
  seed: 1,
};

const PLAIN_TEMPLATE: TaskTemplate = {
  ...BLANK_TEMPLATE,
  name: 'sleep',
  command: { value: 'sleep 1', shell: true, args: [], user: null, environment: [], uris: [] },
};

/** `cpus:2;ports:[1-10]` and the like, as Mesos writes them. */
export function resources(text: string): Resources {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error(`The test's own resources are malformed: ${text}`);
  return parsed.value;
}

export const AGENT_RESOURCES = resources('cpus:4;mem:4096;disk:1000;ports:[31000-31010]');
export const TASK_RESOURCES = Resources.ofScalars({ cpus: milli(1_000), mem: milli(512_000) });

export function agentInfo(n: number, changes: Partial<AgentInfo> = {}): AgentInfo {
  return {
    id: null,
    hostname: `host-${n}`,
    ip: null,
    port: 5051,
    resources: AGENT_RESOURCES,
    attributes: [],
    domain: null,
    capabilities: ALL_AGENT_CAPABILITIES,
    version: '1.12.0',
    ...changes,
  };
}

/** Checkpoints, partition-aware, 1 h to fail over. */
export function frameworkInfo(changes: Partial<FrameworkInfo> = {}): FrameworkInfo {
  return {
    user: 'root',
    name: 'test',
    id: null,
    failoverTimeout: 3_600,
    checkpoint: true,
    role: null,
    roles: ['eng'],
    hostname: 'scheduler',
    principal: null,
    webuiUrl: null,
    capabilities: ['MULTI_ROLE', 'PARTITION_AWARE'],
    labels: null,
    offerFilters: new Map(),
    ...changes,
  };
}

export const NOT_PARTITION_AWARE: readonly FrameworkCapability[] = ['MULTI_ROLE'];

export function taskInfo(
  taskId: number,
  agentId: AgentId,
  template: Partial<TaskTemplate> = {},
  held: Resources = TASK_RESOURCES,
): TaskInfo {
  return {
    taskId: taskId as TaskId,
    agentId,
    resources: held,
    template: { ...PLAIN_TEMPLATE, ...template },
  };
}

export function executorInfo(executorId: number, changes: Partial<ExecutorInfo> = {}): ExecutorInfo {
  return {
    type: 'CUSTOM',
    executorId: executorId as ExecutorId,
    frameworkId: null,
    command: PLAIN_TEMPLATE.command,
    container: null,
    resources: resources('cpus:0.1;mem:32'),
    name: 'executor',
    shutdownGracePeriod: null,
    labels: null,
    data: null,
    ...changes,
  };
}

/** The executor of a task group. */
export function groupExecutor(
  executorId: number,
  frameworkId: FrameworkId,
  changes: Partial<ExecutorInfo> = {},
): ExecutorInfo {
  return executorInfo(executorId, {
    type: 'DEFAULT',
    frameworkId,
    command: null,
    resources: resources('cpus:0.1;mem:32;disk:10'),
    ...changes,
  });
}

export function launch(...taskInfos: TaskInfo[]): OfferOperation {
  return { type: 'LAUNCH', id: null, taskInfos };
}

export function reportedTask(
  frameworkId: FrameworkId,
  task: TaskInfo,
  state: TaskState = 'TASK_RUNNING',
): ReportedTask {
  const executorId = (task.template.executor?.executorId ?? task.taskId) as number as ExecutorId;
  return {
    frameworkId,
    task,
    role: 'eng',
    executorId,
    state,
    statusUpdateState: null,
    statusUpdateUuid: null,
  };
}

export type Report = Omit<Extract<AgentToMaster, { type: 'REREGISTER_AGENT' }>, 'type' | 'info'>;
export const EMPTY_REPORT: Report = { tasks: [], executors: [], operations: [], frameworks: [] };

export function statusOf(
  taskId: number,
  agentId: AgentId,
  state: TaskState,
  uuid: number | null,
): TaskStatus {
  return {
    taskId: taskId as TaskId,
    state,
    source: 'SOURCE_EXECUTOR',
    reason: null,
    agentId,
    executorId: taskId as ExecutorId,
    timestamp: micros(0),
    uuid: uuid as UpdateId | null,
    message: null,
    details: null,
  };
}

type CallOf<Type extends SchedulerCall['type']> = Extract<SchedulerCall, { type: Type }>;

/** A scheduler as a test sees it: its id and its live stream. */
export interface Scheduler {
  readonly id: FrameworkId;
  readonly stream: StreamId;
}

export interface RegisteredAgent {
  readonly id: AgentId;
  readonly link: LinkId;
  readonly info: AgentInfo;
}

/** Options of the machine that `MasterDriver` makes. */
export function drivenOptions(changes: Partial<MasterOptions> = {}): MasterOptions {
  return { ...DEFAULT_MASTER_OPTIONS, heartbeatInterval: null, ...changes };
}

/**
 * Options of the policy that `MasterDriver` is given. A real policy offers a shared volume anew in every cycle, unless there is a minimum that it
 * does not reach alone.
 */
export function policyOptions(changes: Partial<AllocatorOptions> = {}): AllocatorOptions {
  return {
    ...ALLOCATOR_OPTIONS,
    minAllocatable: [Resources.ofScalars({ cpus: milli(10) }).quantities()],
    ...changes,
  };
}

/**
 * One machine with a clock, and a registry that is durable at once unless `holdsRegistry`. After every step the machine's invariants are
 * checked, and that the allocator holds for each framework exactly what the master's books say.
 */
export class MasterDriver {
  readonly machine: MasterMachine;
  readonly registry: RegistryState;
  allocator!: PlainAllocator;
  now = micros(0);
  holdsRegistry = false;
  /** Answers the authorizer's questions within the step that asks; null answers none of them (`unanswered`). */
  authorizer: ((requests: readonly AuthorizationRequest[]) => readonly boolean[] | null) | null = null;
  /** Tickets with the number of their questions, oldest first. */
  readonly unanswered: { readonly ticket: number; readonly requests: readonly AuthorizationRequest[] }[] = [];
  /** Operations that are written and not durable yet. */
  readonly written: RegistryOperation[] = [];
  readonly #recorder: ((now: Micros, input: MasterInput) => void) | null;
  #durable = 0;
  #streams = 0;
  #links = 0;
  #requests = 0;

  /** A master that leads, or with `elect: false` one that is not elected yet. */
  constructor(
    given: {
      readonly options?: Partial<MasterOptions>;
      readonly registry?: RegistryState;
      readonly now?: Micros;
      readonly elect?: boolean;
      /** Decides instead of the plain allocator, which then only keeps the books. */
      readonly policy?: AllocatorFactory | undefined;
      readonly allocatorOptions?: Partial<AllocatorOptions>;
      /** Told every input before the machine is. */
      readonly recorder?: (now: Micros, input: MasterInput) => void;
    } = {},
  ) {
    this.registry = given.registry ?? new RegistryState();
    this.now = given.now ?? micros(0);
    // No two masters of one registry number their connections alike.
    this.#links = this.registry.epoch * 100_000;
    this.#streams = this.#links;
    this.#recorder = given.recorder ?? null;
    this.machine = new MasterMachine(
      drivenOptions(given.options),
      given.policy === undefined
        ? (now, options, sink) => {
            this.allocator = new PlainAllocator(now, options, sink);
            return this.allocator;
          }
        : bookedPolicy(given.policy, (books) => {
            this.allocator = books;
          }),
      given.policy === undefined ? ALLOCATOR_OPTIONS : policyOptions(given.allocatorOptions),
      this.now,
    );
    if (given.elect !== false) this.elect();
  }

  elect(): MasterOutput[] {
    const registry: RegistrySnapshot = this.registry.snapshot();
    return this.step({ kind: 'elected', epoch: (registry.epoch + 1) as MasterEpoch, registry });
  }

  /** One input, and what follows from the writes that it made, if the registry is quick. */
  step(input: MasterInput): MasterOutput[] {
    const outputs: MasterOutput[] = [];
    this.#stepInto(input, outputs);
    this.#settle(outputs);
    return outputs;
  }

  #settle(outputs: MasterOutput[]): void {
    for (;;) {
      if (!this.holdsRegistry && this.written.length > 0) this.#makeDurable(this.written.length, outputs);
      else if (this.authorizer !== null && this.unanswered.length > 0) {
        const { ticket, requests } = this.unanswered.shift()!;
        this.#stepInto({ kind: 'authorized', ticket, verdicts: this.authorizer(requests) }, outputs);
      } else return;
    }
  }

  /** Answers the oldest question. */
  answer(verdicts: readonly boolean[] | null): MasterOutput[] {
    const { ticket } = this.unanswered.shift()!;
    return this.step({ kind: 'authorized', ticket, verdicts });
  }

  /** The oldest `count` writes become durable. */
  makeDurable(count = this.written.length): MasterOutput[] {
    const outputs: MasterOutput[] = [];
    this.#makeDurable(count, outputs);
    return outputs;
  }

  #makeDurable(count: number, outputs: MasterOutput[]): void {
    for (const operation of this.written.splice(0, count)) this.registry.apply(operation);
    this.#durable += count;
    this.#stepInto({ kind: 'registryDurable', upTo: this.#durable }, outputs);
  }

  #stepInto(input: MasterInput, outputs: MasterOutput[]): void {
    this.#recorder?.(this.now, input);
    this.machine.step(this.now, input, {
      push: (output) => {
        if (output.kind === 'persist') this.written.push(output.operation);
        if (output.kind === 'authorize') {
          const { ticket, requests } = output;
          this.unanswered.push({ ticket, requests });
        }
        outputs.push(output);
      },
    });
    this.check();
  }

  check(): void {
    this.machine.checkInvariants();
    for (const agent of this.machine.state.agents) {
      const { total } = this.allocator.agentInfoOf(agent.row);
      if (!total.equals(agent.info.resources))
        throw new Error(
          `agent ${agent.id} has '${agent.info.resources.toString()}', the allocator says '${total.toString()}'`,
        );
      const isActive = this.allocator.isActive(agent.row);
      if (isActive !== agent.isOfferable)
        throw new Error(
          `agent ${agent.id} is ${isActive ? 'active in the allocator, but no offers are made of it' : 'offered, but inactive in the allocator'}`,
        );
    }
    const expected = expectedHoldings(this.machine.state);
    const held = this.allocator.holdings();
    for (const key of new Set([...expected.keys(), ...held.keys()])) {
      const inBooks = expected.get(key) ?? Resources.EMPTY;
      const inAllocator = held.get(key) ?? Resources.EMPTY;
      if (!inBooks.equals(inAllocator)) {
        throw new Error(
          `agent/framework/role ${key}: the master's books say '${inBooks.toString()}', the allocator '${inAllocator.toString()}'`,
        );
      }
    }
  }

  /** Ticks at every deadline up to `delay` from now. */
  wait(delay: number): MasterOutput[] {
    const end = micros(this.now + delay);
    const outputs: MasterOutput[] = [];
    for (;;) {
      const deadline = this.machine.nextDeadline();
      if (deadline === null || deadline > end) break;
      this.now = micros(Math.max(deadline, this.now));
      outputs.push(...this.step({ kind: 'tick' }));
    }
    this.now = end;
    return outputs;
  }

  newStream(): StreamId {
    return ++this.#streams as StreamId;
  }

  newLink(): LinkId {
    return ++this.#links as LinkId;
  }

  call(stream: StreamId, call: SchedulerCall): MasterOutput[] {
    const request = ++this.#requests as RequestId;
    return this.step({ kind: 'schedulerCalled', request, principal: null, stream, call });
  }

  /** An operator's call, and what follows from it as far as the registry is quick. */
  operator(call: OperatorMutation | ExtensionCall, principal: string | null = null): MasterOutput[] {
    const request = ++this.#requests as RequestId;
    return this.step({ kind: 'operatorCalled', request, principal, call });
  }

  /** SUBSCRIBE on a new stream. */
  trySubscribe(
    info: FrameworkInfo,
    changes: Partial<SubscribeCall> = {},
  ): { readonly stream: StreamId; readonly outputs: MasterOutput[] } {
    const stream = this.newStream();
    const outputs = this.call(stream, {
      type: 'SUBSCRIBE',
      frameworkId: info.id,
      frameworkInfo: info,
      suppressedRoles: [],
      offerConstraints: null,
      ...changes,
    });
    return { stream, outputs };
  }

  /** SUBSCRIBE that must succeed. */
  subscribe(changes: Partial<FrameworkInfo> = {}, call: Partial<SubscribeCall> = {}): Scheduler {
    const { stream, outputs } = this.trySubscribe(frameworkInfo(changes), call);
    for (const event of eventsOn(outputs, stream)) {
      if (event.type === 'SUBSCRIBED') return { id: event.frameworkId, stream };
    }
    throw new Error(`The subscription was refused: ${words(outputs).join(', ')}`);
  }

  fromAgent(link: LinkId, message: AgentToMaster): MasterOutput[] {
    return this.step({ kind: 'agentMessage', link, message });
  }

  /** REGISTER_AGENT on a new link, durable. */
  register(n: number, changes: Partial<AgentInfo> = {}): RegisteredAgent {
    const link = this.newLink();
    const info = agentInfo(n, changes);
    const outputs = this.fromAgent(link, { type: 'REGISTER_AGENT', info });
    for (const message of messagesOn(outputs, link)) {
      if (message.type === 'AGENT_REGISTERED')
        return { id: message.agentId, link, info: { ...info, id: message.agentId } };
    }
    throw new Error(`The agent was not registered: ${words(outputs).join(', ')}`);
  }

  /** REREGISTER_AGENT, on a new link unless one is given. */
  reregister(
    info: AgentInfo,
    report: Partial<Report> = {},
    link = this.newLink(),
  ): { readonly link: LinkId; readonly outputs: MasterOutput[] } {
    const outputs = this.fromAgent(link, { type: 'REREGISTER_AGENT', info, ...EMPTY_REPORT, ...report });
    return { link, outputs };
  }

  closeLink(link: LinkId): MasterOutput[] {
    return this.step({ kind: 'linkClosed', link });
  }

  #operatorStreams = 0;

  /** An operator's event stream. */
  watch(
    given: { readonly principal?: string; readonly resume?: number; readonly extensions?: boolean } = {},
  ): { readonly stream: OperatorStreamId; readonly outputs: MasterOutput[] } {
    const stream = ++this.#operatorStreams as OperatorStreamId;
    const outputs = this.step({
      kind: 'operatorSubscribed',
      stream,
      principal: given.principal ?? null,
      resume: given.resume ?? null,
      extensions: given.extensions ?? false,
    });
    return { stream, outputs };
  }

  closeStream(stream: StreamId): MasterOutput[] {
    return this.step({ kind: 'streamClosed', stream });
  }

  /** The framework's outstanding offers, the newest first. */
  offersOf(id: FrameworkId): Offer[] {
    const { frameworksById, offers } = this.machine.state;
    const found: Offer[] = [];
    for (let slot = frameworksById.get(id)?.offerHead ?? -1; slot !== -1; slot = offers.nextOfFramework(slot))
      found.push(offers.offer(slot));
    return found;
  }

  offerOf(id: FrameworkId, agentId: AgentId | null = null): Offer {
    const found = this.offersOf(id).find((offer) => agentId === null || offer.agentId === agentId);
    if (found === undefined)
      throw new Error(`Framework ${id} has no offer${agentId === null ? '' : ` of agent ${agentId}`}`);
    return found;
  }

  accept(
    scheduler: Scheduler,
    offerIds: readonly OfferId[],
    operations: readonly OfferOperation[],
    filters: CallOf<'ACCEPT'>['filters'] = null,
  ): MasterOutput[] {
    return this.call(scheduler.stream, {
      type: 'ACCEPT',
      frameworkId: scheduler.id,
      offerIds,
      operations,
      filters,
    });
  }

  /** Launches tasks of 1 cpu and 512 MB with an offer of the agent. */
  launchOn(scheduler: Scheduler, agent: RegisteredAgent, ...taskIds: number[]): MasterOutput[] {
    const offer = this.offerOf(scheduler.id, agent.id);
    const tasks = taskIds.map((taskId) => taskInfo(taskId, agent.id));
    return this.accept(scheduler, [offer.id], [launch(...tasks)], { refuseSeconds: 0 });
  }

  /** A status update of the agent; `latest` is the agent's latest state of the task. */
  update(
    scheduler: Pick<Scheduler, 'id'>,
    agent: Pick<RegisteredAgent, 'id' | 'link'>,
    taskId: number,
    state: TaskState,
    uuid: number,
    latest: TaskState = state,
  ): MasterOutput[] {
    return this.fromAgent(agent.link, {
      type: 'STATUS_UPDATE',
      agentId: agent.id,
      frameworkId: scheduler.id,
      status: statusOf(taskId, agent.id, state, uuid),
      latestState: latest,
    });
  }

  acknowledge(scheduler: Scheduler, agentId: AgentId, taskId: number, uuid: number): MasterOutput[] {
    return this.call(scheduler.stream, {
      type: 'ACKNOWLEDGE',
      frameworkId: scheduler.id,
      agentId,
      taskId: taskId as TaskId,
      uuid: uuid as UpdateId,
    });
  }

  reconcile(
    scheduler: Scheduler,
    tasks: readonly { readonly taskId: number; readonly agentId: AgentId | null }[],
  ): TaskStatus[] {
    const outputs = this.call(scheduler.stream, {
      type: 'RECONCILE',
      frameworkId: scheduler.id,
      tasks: tasks.map(({ taskId, agentId }) => ({ taskId: taskId as TaskId, agentId })),
    });
    return updatesOn(outputs, scheduler.stream);
  }

  /** The state that the master holds of a live task, or null. */
  stateOf(id: FrameworkId, taskId: number): TaskState | null {
    return this.machine.state.frameworksById.get(id)?.tasks.get(taskId as TaskId)?.state ?? null;
  }
}

export function eventsOn(outputs: readonly MasterOutput[], stream: StreamId): SchedulerEvent[] {
  return outputs.flatMap((output) =>
    output.kind === 'event' && output.stream === stream ? [output.event] : [],
  );
}

/** Operators' events on a stream, with their numbers. */
export function watchedOn(outputs: readonly MasterOutput[], stream: OperatorStreamId) {
  return outputs.flatMap((output) =>
    output.kind === 'operatorEvent' && output.stream === stream ? [output] : [],
  );
}

export function updatesOn(outputs: readonly MasterOutput[], stream: StreamId): TaskStatus[] {
  return eventsOn(outputs, stream).flatMap((event) => (event.type === 'UPDATE' ? [event.status] : []));
}

export function messagesOn(outputs: readonly MasterOutput[], link: LinkId): MasterToAgent[] {
  return outputs.flatMap((output) =>
    output.kind === 'toAgent' && output.link === link ? [output.message] : [],
  );
}

/** Outputs in one word each: `TASK_RUNNING 1`, `OFFERS 2`, `KILL_TASK`, `refused STREAM_MISMATCH`, `persist agentAdmitted`. */
export function words(outputs: readonly MasterOutput[]): string[] {
  return outputs.map((output) => {
    switch (output.kind) {
      case 'event':
        if (output.event.type === 'UPDATE')
          return `${output.event.status.state} ${output.event.status.taskId}`;
        if (output.event.type === 'OFFERS') return `OFFERS ${output.event.offers.length}`;
        return output.event.type === 'ERROR' ? `ERROR ${output.event.message}` : output.event.type;
      case 'toAgent':
        return output.message.type;
      case 'refuseCall':
        return `refused ${output.error.code}`;
      case 'persist':
        return `persist ${output.operation.kind}`;
      default:
        return output.kind;
    }
  });
}

/** States and reasons of updates, as `TASK_LOST REASON_AGENT_REMOVED`. */
export function toldOf(updates: readonly TaskStatus[]): string[] {
  return updates.map((status) => `${status.taskId} ${status.state} ${status.reason ?? '-'}`);
}

/** How an operator's calls were answered: `200`, or the code of the refusal with its text. */
export function answersIn(outputs: readonly MasterOutput[]): string[] {
  return outputs.flatMap((output) => {
    if (output.kind === 'answerCall') return [String(output.status)];
    if (output.kind === 'refuseCall') return [`${output.error.code} ${callErrorText(output.error)}`];
    return [];
  });
}
