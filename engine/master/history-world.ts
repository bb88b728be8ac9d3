/** A master's world for random histories: the steps of a history, and who takes them. For tests. */
import {
  type AgentId,
  type FrameworkId,
  type Micros,
  micros,
  type OfferId,
  milli,
  RollingHash,
  type OperationUuid,
  type TaskId,
  type UpdateId,
} from '../core/index.ts';
import {
  type AgentInfo,
  type AgentToMaster,
  type ExtensionCall,
  type FrameworkInfo,
  isSpeculative,
  isTerminal,
  type MachineId,
  machineKey,
  type MasterToAgent,
  type OfferOperation,
  type OperationStatus,
  type OperatorMutation,
  type ResourceOfferOperation,
  type ReportedExecutor,
  type ReportedTask,
  type SchedulerCall,
  type TaskInfo,
  type TaskState,
} from '../protocol/index.ts';
import { RegistryState } from '../registry/index.ts';
import { lacksReserved } from '../agent/agent-resources.ts';
import {
  applyOperations,
  Quantities,
  ResourceLimits,
  type ResourceOperation,
  Resources,
  scalarResource,
} from '../resources/index.ts';
import type { AllocatorFactory, AllocatorOptions } from './allocator.ts';
import type { LinkId, MasterInput, StreamId } from './input.ts';
import { OperatorModel } from './operator-model.ts';
import type { MasterOptions } from './options.ts';
import type { MasterOutput } from './output.ts';
import { hashMasterOutput } from './output-hash.ts';
import { dynamic, volume } from './operations-kit.ts';
import { Pile } from './pile.ts';
import { stateDigest } from './state-digest.ts';
import {
  agentInfo,
  executorInfo,
  frameworkInfo,
  groupExecutor,
  launch,
  MasterDriver,
  NOT_PARTITION_AWARE,
  reportedTask,
  resources,
  SECOND,
  statusOf,
  taskInfo,
} from './test-kit.ts';

// Random histories: three schedulers and four agents that do right and wrong, links and streams that break, messages that come twice or late,
// a registry that takes its time, masters that fall. After every step the books balance (`MasterDriver.check`).

const FRAMEWORKS = 3;
const AGENTS = 4;
const TASK_IDS = 6;

/** What a step may be: how often beside the others, and how far `f` and `n` go. */
export interface StepKind {
  readonly weight: number;
  readonly do: string;
  readonly f: number;
  readonly n: number;
}

export const STEP_KINDS: readonly StepKind[] = [
  { weight: 6, do: 'subscribe', f: FRAMEWORKS - 1, n: 11 },
  { weight: 2, do: 'closeStream', f: FRAMEWORKS - 1, n: 9 },
  { weight: 10, do: 'connect', f: AGENTS - 1, n: 9 },
  { weight: 3, do: 'repeatRegistration', f: AGENTS - 1, n: 9 },
  { weight: 3, do: 'closeLink', f: AGENTS - 1, n: 9 },
  { weight: 2, do: 'missPings', f: AGENTS - 1, n: 9 },
  { weight: 12, do: 'launch', f: FRAMEWORKS - 1, n: 999 },
  { weight: 8, do: 'progress', f: AGENTS - 1, n: 999 },
  { weight: 6, do: 'acknowledge', f: FRAMEWORKS - 1, n: 999 },
  { weight: 12, do: 'call', f: FRAMEWORKS - 1, n: 9_999 },
  { weight: 8, do: 'operate', f: FRAMEWORKS - 1, n: 9_999 },
  { weight: 3, do: 'operator', f: AGENTS - 1, n: 9_999 },
  { weight: 4, do: 'tellOperations', f: AGENTS - 1, n: 9 },
  { weight: 3, do: 'acknowledgeOperation', f: FRAMEWORKS - 1, n: 9 },
  { weight: 2, do: 'loseLink', f: AGENTS - 1, n: 9 },
  { weight: 3, do: 'stray', f: AGENTS - 1, n: 999 },
  { weight: 5, do: 'durable', f: 2, n: 9 },
  { weight: 6, do: 'administer', f: AGENTS - 1, n: 99_999 },
  { weight: 6, do: 'wait', f: 3, n: 9 },
];

/** One step of a history. `f` says whose it is, `n` picks among what there is at that moment. */
export interface Step {
  readonly do: string;
  readonly f: number;
  readonly n: number;
}

/** As a test's `expect`. */
type Expect = (value: unknown) => {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toHaveLength(length: number): void;
  toBeGreaterThan(bound: number): void;
};

/** What the masters of a world are made with. */
export interface WorldMaking {
  readonly options?: Partial<MasterOptions>;
  readonly allocatorOptions?: Partial<AllocatorOptions>;
  readonly policy?: AllocatorFactory;
  readonly recorder?: (now: Micros, input: MasterInput) => void;
}

/** An agent as a machine of its own would behave: it keeps its tasks over links and masters. */
export interface TestAgent {
  readonly info: AgentInfo;
  id: AgentId | null;
  link: LinkId | null;
  registered: boolean;
  /** The registration sent on the link, if nothing else was since. */
  sent: AgentToMaster | null;
  readonly tasks: Map<string, { report: ReportedTask; uuid: number }>;
  readonly executors: Map<string, ReportedExecutor>;
  /** What it has now, and the same by a plain model. */
  total: Resources;
  readonly pile: Pile;
  /** The total that was last compared with the pile. */
  compared: Resources | null;
  /** Ended and not acknowledged; the answers to questions of the master among them, without info. */
  readonly operations: Map<OperationUuid, AgentOperation>;
  newestOperation: number;
  /** Ordered to drain, and not to stop. */
  draining: boolean;
  /** Oldest links, for messages that come late. */
  readonly oldLinks: LinkId[];
}

interface AgentOperation {
  readonly operationUuid: OperationUuid;
  readonly frameworkId: FrameworkId | null;
  readonly info: ResourceOfferOperation | null;
  readonly latestStatus: OperationStatus;
}

interface TestScheduler {
  id: FrameworkId | null;
  stream: StreamId | null;
  readonly oldStreams: StreamId[];
  readonly spentOffers: OfferId[];
  readonly toAcknowledge: { readonly agentId: AgentId; readonly taskId: number; readonly uuid: number }[];
  readonly endedOperations: OperationStatus[];
}

const STATES: readonly TaskState[] = ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED', 'TASK_FAILED'];
const TOTALS = [
  'cpus:4;mem:4096;disk:100',
  'cpus:4;mem:4096;disk:100',
  'cpus:4;mem:4096;disk:100',
  'cpus:1;mem:512',
].map(resources);
const WAITS = [SECOND, 16 * SECOND, 120 * SECOND, 601 * SECOND];

/** The `n`th agent on an empty disk. */
function freshAgent(n: number): TestAgent {
  return {
    info: agentInfo(n, { ip: `10.0.0.${n}`, resources: TOTALS[n]! }),
    id: null,
    link: null,
    registered: false,
    sent: null,
    tasks: new Map(),
    executors: new Map(),
    total: TOTALS[n]!,
    pile: Pile.of(TOTALS[n]!),
    compared: null,
    operations: new Map(),
    newestOperation: -1,
    draining: false,
    oldLinks: [],
  };
}

/** The machine of the `n`th agent. */
function machineOf(n: number): MachineId {
  return { hostname: `HOST-${n}`, ip: `10.0.0.${n}` };
}

export const EXTENSIONS: Partial<MasterOptions> = {
  drainCancel: true,
  drainLimit: { unavailableTasksMax: 1, replacementTimeout: micros(100 * SECOND) },
  frameworkUndoWindow: micros(100 * SECOND),
  agentRemovalRateLimit: { agents: 1, period: micros(60 * SECOND) },
};

export class World {
  driver: MasterDriver;
  readonly registry = new RegistryState();
  readonly hash = new RollingHash();
  readonly infos = new Map<FrameworkId, FrameworkInfo>();
  readonly agents: TestAgent[] = Array.from({ length: AGENTS }, (_, n) => freshAgent(n));
  readonly model = new OperatorModel();
  readonly schedulers: TestScheduler[] = Array.from({ length: FRAMEWORKS }, () => ({
    id: null,
    stream: null,
    oldStreams: [],
    spentOffers: [],
    toAcknowledge: [],
    endedOperations: [],
  }));
  #uuid = 0;
  /** Agents that the registry held at some time. */
  readonly #admitted = new Set<AgentId>();

  readonly #making: WorldMaking;
  readonly #expect: Expect;
  /** Sees all outputs as well. */
  witness: ((outputs: readonly MasterOutput[]) => void) | null = null;

  constructor(expect: Expect, making: WorldMaking = {}) {
    this.#expect = expect;
    this.#making = making;
    this.driver = new MasterDriver({ ...making, registry: this.registry });
    this.driver.holdsRegistry = true;
  }

  take(one: Step): void {
    const scheduler = this.schedulers[one.f % FRAMEWORKS]!;
    const agent = this.agents[one.f % AGENTS]!;
    switch (one.do) {
      case 'subscribe':
        this.#subscribe(scheduler, one.f, one.n);
        break;
      case 'closeStream':
        if (scheduler.stream !== null) {
          this.see(this.driver.closeStream(scheduler.stream));
          scheduler.oldStreams.push(scheduler.stream);
          scheduler.stream = null;
        }
        break;
      case 'connect':
        this.#connect(agent);
        break;
      case 'repeatRegistration':
        if (agent.link === null) break;
        // As it was sent: orders of the master may have crossed it. Nothing of the agent's came in between.
        if (one.n % 2 === 1 && agent.sent !== null) this.see(this.driver.fromAgent(agent.link, agent.sent));
        else this.#register(agent, agent.link);
        break;
      case 'closeLink':
        this.#closeLink(agent);
        break;
      case 'missPings':
        if (agent.link !== null) {
          const links = [agent.link, ...agent.oldLinks];
          for (let time = 0; time <= one.n; time++)
            this.see(this.driver.step({ kind: 'pingsMissed', links }));
        }
        break;
      case 'launch':
        this.#launch(scheduler, one.n);
        break;
      case 'progress':
        this.#progress(agent, one.n);
        break;
      case 'acknowledge':
        this.#acknowledge(scheduler);
        break;
      case 'call':
        this.#call(scheduler, one.n);
        break;
      case 'operate':
        this.#operate(scheduler, one.n);
        break;
      case 'operator':
        this.#operator(agent, one.n);
        break;
      case 'administer':
        this.#administer(one.f, one.n);
        break;
      case 'tellOperations':
        this.#tellOperations(agent);
        break;
      case 'acknowledgeOperation':
        this.#acknowledgeOperation(scheduler);
        break;
      case 'loseLink':
        // The agent's end only: the master finds out later.
        this.#linkIsDown(agent);
        break;
      case 'stray':
        this.#stray(agent, one.n);
        break;
      case 'durable': {
        const count = Math.min(one.f + 1, this.driver.written.length);
        if (count > 0) this.see(this.driver.makeDurable(count));
        break;
      }
      case 'wait':
        this.see(this.driver.wait(WAITS[one.f]!));
        break;
      default:
        throw new Error('A step that no case takes');
    }
    this.#compareTotals();
    this.model.check(this.driver.machine.state);
    this.#compareDrains();
  }

  /** An agent that is with its master drains exactly while the master says so; one with nothing left to drain need not know. */
  #compareDrains(): void {
    const { agentsByLink, draining } = this.driver.machine.state;
    for (const agent of this.agents) {
      const record = agent.link === null ? undefined : agentsByLink.get(agent.link);
      if (record === undefined || !agent.registered) continue;
      if (draining.has(record)) this.#expect(agent.draining).toBe(true);
      if (!record.deactivated) this.#expect(agent.draining).toBe(false);
    }
  }

  /** What the master holds of an agent that is with it is what the agent has, by arithmetic and by hand; nothing is lost or made. */
  #compareTotals(): void {
    for (const agent of this.agents) {
      if (agent.total !== agent.compared) {
        this.#expect(Pile.of(agent.total).toString()).toBe(agent.pile.toString());
        this.#expect(agent.pile.sums()).toEqual(Pile.of(agent.info.resources).sums());
        agent.compared = agent.total;
      }
      const record = agent.link === null ? undefined : this.driver.machine.state.agentsByLink.get(agent.link);
      if (record === undefined || !agent.registered || record.info.resources.equals(agent.total)) continue;
      this.#expect(record.info.resources.toString()).toBe(agent.total.toString());
    }
  }

  /** What the outputs mean to agents and schedulers, and that none says what is not durable yet. */
  see(outputs: readonly MasterOutput[]): void {
    this.witness?.(outputs);
    for (const id of this.registry.snapshot().admitted.keys()) this.#admitted.add(id);
    for (const output of outputs) {
      hashMasterOutput(this.hash, output);
      this.model.see(output);
      switch (output.kind) {
        case 'toAgent': {
          const agent = this.agents.find((one) => one.link === output.link);
          if (agent !== undefined) this.#agentReceives(agent, output.message);
          break;
        }
        case 'event': {
          const scheduler = this.schedulers.find((one) => one.stream === output.stream);
          if (output.event.type === 'OFFERS') {
            for (const offer of output.event.offers) {
              this.#expect(this.#admitted.has(offer.agentId)).toBe(true);
              this.#expect(this.model.deactivated.has(offer.agentId)).toBe(false);
              this.#expect(this.model.down.has(machineKey(offer.agent))).toBe(false);
              scheduler?.spentOffers.push(offer.id);
            }
          }
          if (output.event.type === 'UPDATE') this.#updateSeen(scheduler, output.event.status);
          if (output.event.type === 'UPDATE_OPERATION_STATUS' && output.event.status.uuid !== null)
            scheduler?.endedOperations.push(output.event.status);
          break;
        }
        case 'closeLink': {
          const agent = this.agents.find((one) => one.link === output.link);
          if (agent !== undefined) this.#linkIsDown(agent);
          break;
        }
        case 'closeStream': {
          const scheduler = this.schedulers.find((one) => one.stream === output.stream);
          if (scheduler !== undefined) scheduler.stream = null;
          break;
        }
        default:
      }
    }
  }

  #updateSeen(
    scheduler: TestScheduler | undefined,
    status: { agentId: AgentId | null; taskId: TaskId; uuid: UpdateId | null; state: TaskState },
  ): void {
    const { agentId, taskId, uuid, state } = status;
    // What a scheduler is told of an agent's absence the registry holds.
    if (state === 'TASK_UNREACHABLE')
      this.#expect(this.registry.snapshot().unreachable.has(agentId!)).toBe(true);
    if (uuid !== null) scheduler?.toAcknowledge.push({ agentId: agentId!, taskId, uuid });
  }

  #agentReceives(agent: TestAgent, message: Extract<MasterOutput, { kind: 'toAgent' }>['message']): void {
    switch (message.type) {
      case 'APPLY_OPERATION':
        this.#applies(agent, message);
        break;
      case 'ACKNOWLEDGE_OPERATION_STATUS':
        if (agent.operations.get(message.operationUuid)?.latestStatus.uuid === message.uuid)
          agent.operations.delete(message.operationUuid);
        break;
      case 'AGENT_REGISTERED':
      case 'AGENT_REREGISTERED':
        if (message.type === 'AGENT_REREGISTERED') this.#dropsUnreported(agent, message.unreportedOperations);
        agent.id = message.agentId;
        agent.registered = true;
        agent.draining = false;
        this.#expect(this.#admitted.has(message.agentId)).toBe(true);
        break;
      case 'DRAIN_AGENT':
        this.#expect(agent.registered).toBe(true);
        agent.draining = true;
        break;
      case 'STOP_DRAINING':
        agent.draining = false;
        break;
      case 'SHUTDOWN': {
        // Its process ends with all that runs, and its disk is wiped before it is started again.
        const n = this.agents.indexOf(agent);
        this.agents[n] = freshAgent(n);
        this.agents[n].oldLinks.push(...agent.oldLinks, agent.link!);
        break;
      }
      case 'RUN_TASK':
        this.#runs(agent, message.frameworkId, message.task, message.role);
        break;
      case 'RUN_TASK_GROUP': {
        const { frameworkId, executor, role } = message;
        agent.executors.set(`${frameworkId}/${executor.executorId}`, { frameworkId, executor, role });
        for (const task of message.tasks) this.#runs(agent, frameworkId, task, role, executor.executorId);
        break;
      }
      case 'SHUTDOWN_FRAMEWORK':
        for (const [key, { report }] of agent.tasks)
          if (report.frameworkId === message.frameworkId) agent.tasks.delete(key);
        for (const [key, { frameworkId }] of agent.executors)
          if (frameworkId === message.frameworkId) agent.executors.delete(key);
        for (const [uuid, { frameworkId }] of agent.operations)
          if (frameworkId === message.frameworkId) agent.operations.delete(uuid);
        break;
      case 'STATUS_UPDATE_ACKNOWLEDGEMENT': {
        const key = `${message.frameworkId}/${message.taskId}`;
        const held = agent.tasks.get(key);
        if (held !== undefined && held.uuid === message.uuid && isTerminal(held.report.state))
          agent.tasks.delete(key);
        break;
      }
      default:
    }
  }

  #runs(
    agent: TestAgent,
    frameworkId: FrameworkId,
    task: TaskInfo,
    role: string,
    executorId: number | null = null,
  ): void {
    this.#expect(agent.draining).toBe(false);
    // No task comes to an agent before the reservations and volumes that it runs on.
    this.#expect(lacksReserved(agent.total, task.resources)).toBe(false);
    const report = reportedTask(frameworkId, task, 'TASK_STAGING');
    const { executor } = task.template;
    if (executor !== null)
      agent.executors.set(`${frameworkId}/${executor.executorId}`, { frameworkId, executor, role });
    agent.tasks.set(`${frameworkId}/${task.taskId}`, {
      report: { ...report, role, executorId: (executorId ?? report.executorId) as never },
      uuid: 0,
    });
  }

  #subscribe(scheduler: TestScheduler, f: number, n: number): void {
    const capabilities =
      f === 1 ? NOT_PARTITION_AWARE : (['MULTI_ROLE', 'PARTITION_AWARE', 'SHARED_RESOURCES'] as const);
    const info = frameworkInfo({
      id: scheduler.id,
      capabilities,
      checkpoint: f !== 2,
      roles: n === 0 ? ['eng', 'eng'] : n === 1 ? ['eng', 'ops'] : ['eng'],
      failoverTimeout: n === 2 ? 0 : n === 3 ? 60 : 100_000,
      principal: n === 4 ? 'mallory' : null,
    });
    const frameworkId = n === 5 ? (((scheduler.id ?? 0) + 1) as FrameworkId) : info.id;
    const before = stateDigest(this.driver);
    const { stream, outputs } = this.driver.trySubscribe(info, {
      frameworkId,
      suppressedRoles: n === 6 ? ['x'] : [],
    });
    const subscribed = outputs.find(
      (one) => one.kind === 'event' && one.stream === stream && one.event.type === 'SUBSCRIBED',
    );
    if (subscribed === undefined) {
      this.see(outputs);
      this.#expect(stateDigest(this.driver)).toBe(before);
      // The framework was removed: its scheduler starts anew.
      if (!this.driver.machine.state.frameworksById.has(scheduler.id!)) scheduler.id = null;
      return;
    }
    if (subscribed.kind === 'event' && subscribed.event.type === 'SUBSCRIBED')
      scheduler.id = subscribed.event.frameworkId;
    if (scheduler.stream !== null) scheduler.oldStreams.push(scheduler.stream);
    scheduler.stream = stream;
    this.infos.set(scheduler.id!, { ...info, id: scheduler.id });
    this.see(outputs);
  }

  #connect(agent: TestAgent): void {
    if (agent.link !== null) return;
    agent.link = this.driver.newLink();
    this.#register(agent, agent.link);
  }

  #register(agent: TestAgent, link: LinkId): void {
    if (agent.id === null) {
      this.see(this.driver.fromAgent(link, { type: 'REGISTER_AGENT', info: agent.info }));
      return;
    }
    const ofTasks = [...agent.tasks.values()].map(({ report }) => report.frameworkId);
    const ofExecutors = [...agent.executors.values()].map(({ frameworkId }) => frameworkId);
    const frameworks = [...new Set([...ofTasks, ...ofExecutors])];
    agent.sent = {
      type: 'REREGISTER_AGENT',
      info: { ...agent.info, id: agent.id, resources: agent.total },
      tasks: [...agent.tasks.values()].map(({ report }) => report),
      executors: [...agent.executors.values()],
      operations: [...agent.operations.values()].flatMap(({ info, ...one }) =>
        info === null ? [] : [{ ...one, info }],
      ),
      frameworks: frameworks.flatMap((id) => (this.infos.has(id) ? [{ id, info: this.infos.get(id)! }] : [])),
    };
    this.see(this.driver.fromAgent(link, agent.sent));
  }

  #closeLink(agent: TestAgent): void {
    if (agent.link === null) return;
    const { link } = agent;
    this.#linkIsDown(agent);
    this.see(this.driver.closeLink(link));
  }

  #linkIsDown(agent: TestAgent): void {
    if (agent.link !== null) agent.oldLinks.push(agent.link);
    agent.link = null;
    agent.registered = false;
    agent.sent = null;
  }

  #launch(scheduler: TestScheduler, n: number): void {
    if (scheduler.id === null || scheduler.stream === null) return;
    const offers = this.driver.offersOf(scheduler.id);
    if (offers.length === 0) return;
    const offer = offers[n % offers.length]!;
    const taskId = n % TASK_IDS;
    const small = resources('cpus:0.5;mem:64');
    const command = taskInfo(taskId, offer.agentId, {}, small);
    const custom = taskInfo(taskId, offer.agentId, { command: null, executor: executorInfo(90) }, small);
    const executor = groupExecutor(91, scheduler.id, { resources: resources('cpus:0.1;mem:32;disk:1') });
    const group = {
      type: 'LAUNCH_GROUP',
      id: null,
      executor,
      taskInfos: [command, taskInfo(taskId + 50, offer.agentId, {}, small)],
    } as const;
    const operations = [
      [launch(command)],
      [launch(command, custom)],
      [launch(custom)],
      [group],
      [group, launch(command)],
    ];
    const call = { id: scheduler.id, stream: scheduler.stream };
    this.see(
      this.driver.accept(call, [offer.id], operations[n % operations.length]!, { refuseSeconds: n % 3 }),
    );
  }

  #applies(agent: TestAgent, order: Extract<MasterToAgent, { type: 'APPLY_OPERATION' }>): void {
    const { operationUuid, frameworkId, info } = order;
    this.#expect(operationUuid).toBeGreaterThan(agent.newestOperation);
    agent.newestOperation = operationUuid;
    if (!isSpeculative(info)) throw new Error('No agent here has a resource provider');
    const applied = applyOperations(agent.total, [info]);
    if (!applied.ok) throw new Error(`The agent cannot do what the master did: ${applied.error.code}`);
    agent.total = applied.value;
    agent.pile.perform(info);
    const latestStatus = this.#ended(agent, info.id, 'OPERATION_FINISHED');
    agent.operations.set(operationUuid, { operationUuid, frameworkId, info, latestStatus });
  }

  #dropsUnreported(
    agent: TestAgent,
    unreported: Extract<MasterToAgent, { type: 'AGENT_REREGISTERED' }>['unreportedOperations'],
  ): void {
    for (const { operationUuid, frameworkId, operationId } of unreported) {
      if (agent.operations.has(operationUuid)) continue;
      const latestStatus = this.#ended(agent, operationId, 'OPERATION_DROPPED');
      agent.operations.set(operationUuid, { operationUuid, frameworkId, info: null, latestStatus });
    }
  }

  #ended(agent: TestAgent, operationId: string | null, state: OperationStatus['state']): OperationStatus {
    const uuid = ++this.#uuid as UpdateId;
    return {
      operationId,
      state,
      message: null,
      convertedResources: null,
      uuid,
      agentId: agent.id,
      resourceProviderId: null,
    };
  }

  /** An ACCEPT with operations, most of which fit, and perhaps a task on what they made. */
  #operate(scheduler: TestScheduler, n: number): void {
    if (scheduler.id === null || scheduler.stream === null) return;
    const offers = this.driver.offersOf(scheduler.id);
    if (offers.length === 0) return;
    const offer = offers[n % offers.length]!;
    let available = offer.resources;
    const operations: OfferOperation[] = [];
    for (let digit = n; digit > 0; digit = Math.floor(digit / 10)) {
      const operation = someOperation(available, offer.role, digit, digit % 3 === 0 ? `o${digit % 4}` : null);
      if (operation === null) continue;
      operations.push(operation);
      const after = applyOperations(available, [operation]);
      if (after.ok && operation.type !== 'GROW_VOLUME' && operation.type !== 'SHRINK_VOLUME')
        available = after.value;
    }
    const held = available.entries.filter(({ identity }) => identity.type === 'SCALAR');
    if (n % 2 === 0 && held.length > 0) {
      const used = Resources.of([held[n % held.length]!]);
      operations.push(launch(taskInfo(n % TASK_IDS, offer.agentId, {}, used)));
    }
    const call = { id: scheduler.id, stream: scheduler.stream };
    this.see(this.driver.accept(call, [offer.id], operations, { refuseSeconds: n % 3 }));
  }

  #operator(agent: TestAgent, n: number): void {
    const operation = someOperation(agent.total, n % 2 === 0 ? 'eng' : 'ops', n, null);
    if (operation === null) return;
    const call = operatorCallOf(agent.id ?? (99 as AgentId), operation);
    const before = stateDigest(this.driver);
    const outputs = this.driver.operator(call);
    if (outputs.some((output) => output.kind === 'refuseCall')) {
      this.#expect(outputs.filter((output) => output.kind !== 'authorize')).toHaveLength(1);
      this.#expect(stateDigest(this.driver)).toBe(before);
    }
    this.see(outputs);
  }

  #tellOperations(agent: TestAgent): void {
    agent.sent = null;
    for (const { operationUuid, frameworkId, latestStatus } of [...agent.operations.values()]) {
      if (!agent.registered || agent.link === null) return;
      this.see(
        this.driver.fromAgent(agent.link, {
          type: 'UPDATE_OPERATION_STATUS',
          agentId: agent.id!,
          frameworkId,
          operationUuid,
          status: latestStatus,
        }),
      );
    }
  }

  #acknowledgeOperation(scheduler: TestScheduler): void {
    if (scheduler.id === null || scheduler.stream === null) return;
    const status = scheduler.endedOperations.shift();
    if (status === undefined) return;
    this.see(
      this.driver.call(scheduler.stream, {
        type: 'ACKNOWLEDGE_OPERATION_STATUS',
        frameworkId: scheduler.id,
        agentId: status.agentId,
        resourceProviderId: null,
        operationId: status.operationId!,
        uuid: status.uuid!,
      }),
    );
  }

  #progress(agent: TestAgent, n: number): void {
    if (!agent.registered || agent.link === null || agent.tasks.size === 0) return;
    agent.sent = null;
    const keys = [...agent.tasks.keys()];
    const key = keys[n % keys.length]!;
    const held = agent.tasks.get(key)!;
    if (n % 7 === 0) {
      for (const [executorKey, { frameworkId, executor }] of agent.executors) {
        agent.executors.delete(executorKey);
        const message = {
          type: 'EXITED_EXECUTOR',
          agentId: agent.id!,
          frameworkId,
          executorId: executor.executorId,
          status: null,
        } as const;
        this.see(this.driver.fromAgent(agent.link, message));
        return;
      }
    }
    const state = isTerminal(held.report.state) ? held.report.state : STATES[n % STATES.length]!;
    const uuid = isTerminal(held.report.state) ? held.uuid : ++this.#uuid;
    const report = { ...held.report, state, statusUpdateState: state, statusUpdateUuid: uuid as UpdateId };
    agent.tasks.set(key, { report, uuid });
    this.see(
      this.driver.fromAgent(agent.link, {
        type: 'STATUS_UPDATE',
        agentId: agent.id!,
        frameworkId: report.frameworkId,
        status: statusOf(report.task.taskId, agent.id!, state, uuid),
        latestState: state,
      }),
    );
  }

  #acknowledge(scheduler: TestScheduler): void {
    if (scheduler.id === null || scheduler.stream === null) return;
    const next = scheduler.toAcknowledge.shift();
    if (next === undefined) return;
    const call = { id: scheduler.id, stream: scheduler.stream };
    this.see(this.driver.acknowledge(call, next.agentId, next.taskId, next.uuid));
  }

  /** Any call, on the right stream or another; a call that is refused changes nothing. */
  #call(scheduler: TestScheduler, n: number): void {
    const frameworkId = scheduler.id ?? (n as FrameworkId);
    const streams = [
      scheduler.stream,
      scheduler.stream,
      scheduler.stream,
      scheduler.oldStreams.at(-1) ?? null,
    ];
    const stream = streams[n % streams.length] ?? (99_999 as StreamId);
    const agentId = this.agents[n % AGENTS]!.id ?? (77 as AgentId);
    const taskId = (n % TASK_IDS) as TaskId;
    const outstanding =
      scheduler.id === null ? [] : this.driver.offersOf(scheduler.id).map((offer) => offer.id);
    const foreign = this.schedulers.flatMap((other) =>
      other.id === null ? [] : this.driver.offersOf(other.id).map((offer) => offer.id),
    );
    const offerIds = [outstanding, outstanding.slice(0, 1), foreign, scheduler.spentOffers.slice(-3), []][
      n % 5
    ]!;
    const tasks = [launch(taskInfo(taskId, agentId))];
    const calls: SchedulerCall[] = [
      { type: 'ACCEPT', frameworkId, offerIds, operations: tasks, filters: null },
      {
        type: 'ACCEPT',
        frameworkId,
        offerIds,
        operations: [{ type: 'CREATE', id: 'o', volumes: Resources.EMPTY }, ...tasks],
        filters: { refuseSeconds: 0 },
      },
      { type: 'DECLINE', frameworkId, offerIds, filters: { refuseSeconds: n % 4 } },
      { type: 'REVIVE', frameworkId, roles: n % 2 === 0 ? [] : ['eng'] },
      { type: 'SUPPRESS', frameworkId, roles: n % 2 === 0 ? ['eng', 'nope'] : ['eng'] },
      { type: 'KILL', frameworkId, taskId, agentId: n % 2 === 0 ? null : agentId, killPolicy: null },
      {
        type: 'RECONCILE',
        frameworkId,
        tasks:
          n % 2 === 0
            ? []
            : [
                { taskId, agentId },
                { taskId, agentId: null },
              ],
      },
      { type: 'ACKNOWLEDGE', frameworkId, agentId, taskId, uuid: (n % 9) as UpdateId },
      { type: 'RECONCILE_OPERATIONS', frameworkId, operations: [] },
      {
        type: 'UPDATE_FRAMEWORK',
        frameworkId,
        frameworkInfo: frameworkInfo({
          id: frameworkId,
          user: n % 2 === 0 ? 'root' : 'x',
          roles: n % 4 === 0 ? ['eng', 'ops'] : ['eng'],
        }),
        suppressedRoles: [],
        offerConstraints: null,
      },
      n % 16 === 10 ? { type: 'TEARDOWN', frameworkId } : { type: 'REQUEST', frameworkId, requests: [] },
    ];
    const before = stateDigest(this.driver);
    const outputs = this.driver.call(stream, calls[n % calls.length]!);
    if (outputs.some((output) => output.kind === 'refuseCall')) {
      this.#expect(outputs.filter((output) => output.kind !== 'authorize')).toHaveLength(1);
      this.#expect(stateDigest(this.driver)).toBe(before);
    }
    if (calls[n % calls.length]!.type === 'TEARDOWN' && outputs[0]?.kind !== 'refuseCall')
      scheduler.id = null;
    this.see(outputs);
  }

  /** An operator does any of what operators do about agents, machines, roles and frameworks; what is refused changes nothing. */
  #administer(f: number, n: number): void {
    const agentId = this.agents[f]!.id ?? (79 as AgentId);
    const frameworkId = this.schedulers[f % FRAMEWORKS]!.id ?? (6 as FrameworkId);
    const role = ['eng', 'ops', 'eng/web'][n % 3]!;
    const cpus = (value: number) => Quantities.of([['cpus', milli(value)]]);
    const window = (count: number) => ({
      machineIds: [f, (f + 1) % AGENTS].slice(0, count).map(machineOf),
      unavailability: { start: micros(n % 5), duration: n % 2 === 0 ? null : micros(n % 7) },
    });
    const config = {
      role,
      guarantees: cpus((n % 4) * 1_000),
      limits: n % 5 === 0 ? ResourceLimits.UNLIMITED : ResourceLimits.of([['cpus', milli((n % 6) * 1_000)]]),
    };
    const calls: (OperatorMutation | ExtensionCall)[] = [
      {
        type: 'DRAIN_AGENT',
        agentId,
        maxGracePeriod: n % 3 === 0 ? null : micros(n),
        markGone: n % 8 === 0,
      },
      { type: 'DEACTIVATE_AGENT', agentId },
      { type: 'REACTIVATE_AGENT', agentId },
      { type: 'REACTIVATE_AGENT', agentId },
      n % 3 > 0 ? { type: 'MARK_AGENT_GONE', agentId } : { type: 'UNDO_TEARDOWN', frameworkId },
      {
        type: 'UPDATE_MAINTENANCE_SCHEDULE',
        schedule: { windows: n % 7 === 0 ? [] : [window(1 + (n % 2))] },
      },
      { type: 'START_MAINTENANCE', machines: [machineOf(f)] },
      { type: 'STOP_MAINTENANCE', machines: [machineOf(f)] },
      { type: 'UPDATE_QUOTA', force: n % 2 === 0, quotaConfigs: n % 3 === 0 ? [config, config] : [config] },
      {
        type: 'SET_QUOTA',
        quotaRequest: { role, force: n % 2 === 0, guarantee: resources(`cpus:${1 + (n % 9)}`) },
      },
      { type: 'REMOVE_QUOTA', role },
      { type: 'UPDATE_WEIGHTS', weightInfos: [{ role, weight: (n % 4) / 2 }] },
      n % 5 === 0 ? { type: 'TEARDOWN', frameworkId } : { type: 'DEACTIVATE_AGENT', agentId },
    ];
    const call = calls[n % calls.length]!;
    const request = this.model.ask(call);
    const before = stateDigest(this.driver);
    const outputs = this.driver.step({ kind: 'operatorCalled', request, principal: null, call });
    if (outputs.some((output) => output.kind === 'refuseCall')) {
      this.#expect(outputs.filter((output) => output.kind !== 'authorize')).toHaveLength(1);
      this.#expect(stateDigest(this.driver)).toBe(before);
    }
    this.see(outputs);
  }

  /** Messages of the past, and of links that nobody knows. */
  #stray(agent: TestAgent, n: number): void {
    const last = agent.oldLinks.at(-1) ?? (99_999 as LinkId);
    const { agentsByLink, registering } = this.driver.machine.state;
    // The master may not have found out yet.
    const link = agentsByLink.has(last) || registering.has(last) ? (99_999 as LinkId) : last;
    const agentId = agent.id ?? (78 as AgentId);
    const frameworkId = this.schedulers[n % FRAMEWORKS]!.id ?? (5 as FrameworkId);
    const before = stateDigest(this.driver);
    const messages = [
      {
        type: 'STATUS_UPDATE',
        agentId,
        frameworkId,
        status: statusOf(n % TASK_IDS, agentId, 'TASK_FINISHED', n),
        latestState: 'TASK_FINISHED',
      },
      { type: 'EXITED_EXECUTOR', agentId, frameworkId, executorId: 90 as never, status: null },
      { type: 'UNREGISTER_AGENT', agentId },
      {
        type: 'EXECUTOR_TO_FRAMEWORK',
        agentId,
        frameworkId,
        executorId: 90 as never,
        data: new Uint8Array(),
      },
    ] as const;
    this.see(this.driver.fromAgent(link, messages[n % messages.length]!));
    this.see(this.driver.closeLink(link));
    this.see(this.driver.step({ kind: 'streamClosed', stream: 99_998 as StreamId }));
    this.#expect(stateDigest(this.driver)).toBe(before);
  }

  /** The registry catches up, and every agent connects until it is registered. */
  settle(): void {
    for (let round = 0; round < 4; round++) {
      if (this.driver.written.length > 0) this.see(this.driver.makeDurable());
      for (const agent of this.agents) {
        if (agent.registered) continue;
        if (agent.link === null) this.#connect(agent);
        else this.#register(agent, agent.link);
      }
    }
    if (this.driver.written.length > 0) this.see(this.driver.makeDurable());
  }

  /** This master is gone, with what it had not written durably; the next one is elected. */
  failOver(): void {
    for (const agent of this.agents) this.#linkIsDown(agent);
    for (const scheduler of this.schedulers) scheduler.stream = null;
    this.model.masterFell();
    const { authorizer, now } = this.driver;
    this.driver = new MasterDriver({ ...this.#making, registry: this.registry, now });
    this.driver.authorizer = authorizer;
    this.driver.holdsRegistry = true;
  }

  /** `framework/task` of the live tasks that the master knows. */
  liveTasks(): string[] {
    const found: string[] = [];
    for (const agent of this.driver.machine.state.agents) {
      for (const task of agent.tasks) {
        // One whose id its framework uses elsewhere is on the books until its agent says that the kill has ended it.
        if (!isTerminal(task.state) && !task.isSuperseded) found.push(`${task.framework.id}/${task.taskId}`);
      }
    }
    return found.sort();
  }
}

/** An operation on some of `available`, which nearly always fits, or null. */
function someOperation(
  available: Resources,
  role: string,
  n: number,
  id: string | null,
): (ResourceOfferOperation & ResourceOperation) | null {
  const scalars = available.entries.filter(({ identity }) => identity.type === 'SCALAR');
  if (scalars.length === 0) return null;
  const entry = scalars[n % scalars.length]!;
  const { reservations, disk } = entry.identity;
  const some = Resources.of([
    scalarResource(entry.identity, milli(Math.max(1, Math.floor(entry.scalar / 3)))),
  ]);
  const whole = Resources.of([entry]);
  const spare = scalars.find(
    ({ identity }) => identity.name === 'disk' && identity.disk === null && identity.reservations.length > 0,
  );
  if (disk?.persistence != null) {
    if (n % 4 === 0)
      return { type: 'SHRINK_VOLUME', id, volume: whole, subtract: milli(Math.ceil(entry.scalar / 2)) };
    if (n % 4 === 1 && spare !== undefined)
      return { type: 'GROW_VOLUME', id, volume: whole, addition: Resources.of([spare]) };
    return n % 4 === 2
      ? { type: 'UNRESERVE', id, resources: whole }
      : { type: 'DESTROY', id, volumes: whole };
  }
  if (reservations.length === 0) {
    return { type: 'RESERVE', id, source: Resources.EMPTY, resources: some.pushReservation(dynamic(role)) };
  }
  if (entry.identity.name === 'disk' && n % 3 !== 0) {
    const made = volume({ id: `v${n % 3}`, size: 1, stack: reservations, shared: n % 5 === 0 });
    return {
      type: 'CREATE',
      id,
      volumes: Resources.of([scalarResource(made.entries[0]!.identity, some.entries[0]!.scalar)]),
    };
  }
  return { type: 'UNRESERVE', id, resources: n % 2 === 0 ? some : whole };
}

function operatorCallOf(
  agentId: AgentId,
  operation: ResourceOfferOperation & ResourceOperation,
): OperatorMutation {
  switch (operation.type) {
    case 'RESERVE': {
      const { source, resources: made } = operation;
      return { type: 'RESERVE_RESOURCES', agentId, source, resources: made };
    }
    case 'UNRESERVE':
      return { type: 'UNRESERVE_RESOURCES', agentId, resources: operation.resources };
    case 'CREATE':
      return { type: 'CREATE_VOLUMES', agentId, volumes: operation.volumes };
    case 'DESTROY':
      return { type: 'DESTROY_VOLUMES', agentId, volumes: operation.volumes };
    case 'GROW_VOLUME':
      return { type: 'GROW_VOLUME', agentId, volume: operation.volume, addition: operation.addition };
    default:
      return { type: 'SHRINK_VOLUME', agentId, volume: operation.volume, subtract: operation.subtract };
  }
}
