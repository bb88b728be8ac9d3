import {
  type AgentId,
  assert,
  type FrameworkId,
  type Micros,
  micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  milli,
  type OfferId,
  RollingHash,
  type TaskId,
  type UpdateId,
} from '../../../engine/core/index.ts';
import {
  type AgentInfo,
  ALL_AGENT_CAPABILITIES,
  type Attribute,
  isTerminal,
  type Offer,
  rolesOf,
  type SchedulerCall,
  type SchedulerEvent,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from '../../../engine/protocol/index.ts';
import { Quantities, Resources } from '../../../engine/resources/index.ts';
import type { Job, JobOutcome } from '../../../engine/workload/index.ts';
import { BinaryHeap } from '../binary-heap.ts';
import type { WorkloadFramework } from '../framework.ts';
import type { AttemptEnded, WorkloadInput, WorkloadOutput } from '../framework-io.ts';
import { hashWorkloadOutput } from '../hash-output.ts';
import type { WorkloadOptions } from '../options.ts';

const LATENCY = MICROS_PER_MILLISECOND;

export interface PlainAgent {
  readonly id: AgentId;
  readonly info: AgentInfo;
  free: Resources;
  isUp: boolean;
  turn: number;
}

export interface PlainTask {
  readonly framework: Client;
  readonly agent: PlainAgent;
  readonly info: TaskInfo;
  state: TaskState;
  /** How it ended while its agent could not be reached. */
  endedAway: TaskState | null;
}

interface PlainOffer {
  readonly offer: Offer;
  readonly client: Client;
  readonly agent: PlainAgent;
}

/** A framework under test, and what the master knows of it. */
export class Client {
  readonly machine: WorkloadFramework;
  readonly options: WorkloadOptions;
  readonly id: FrameworkId;
  /** Messages of an older connection are lost. */
  connection = 0;
  isSubscribed = false;
  readonly suppressed = new Set<string>();
  /** Role to what it still wants offered; only with REQUEST. */
  readonly demands = new Map<string, Quantities>();
  /** `role/agent` to when its filter ends. */
  readonly filters = new Map<string, { readonly until: number; readonly refused: Resources }>();
  readonly tasks = new Map<TaskId, PlainTask>();
  readonly outcomes: JobOutcome[] = [];
  readonly attempts: AttemptEnded[] = [];
  readonly hash = new RollingHash();
  readonly callCounts: Partial<Record<SchedulerCall['type'], number>> = {};
  offersMade = 0;
  deadlineAt: number | null = null;

  constructor(machine: WorkloadFramework, options: WorkloadOptions, id: FrameworkId) {
    this.machine = machine;
    this.options = options;
    this.id = id;
  }
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A small world for tests: a master that offers each agent's free resources whole, in turns, once per second; agents that run tasks for as
 * long as their framework says; messages that take a millisecond and are lost with their connection. It checks every call it gets: that
 * offers are used once and by their owner, one agent per ACCEPT, no more launched than offered, no id used twice. Plain and slow on purpose.
 */
export class PlainMaster {
  now = 0 as Micros;
  readonly clients: Client[] = [];
  readonly agents: PlainAgent[] = [];
  readonly offers = new Map<OfferId, PlainOffer>();
  /** Called with every call before the master obeys it; false loses the call. */
  onCall: (client: Client, call: SchedulerCall) => boolean = () => true;
  /** The state in which a task ends, when its time has come. */
  endOf: (task: TaskInfo) => TaskState = () => 'TASK_FINISHED';
  invariantsEachStep = true;
  readonly #agenda = new BinaryHeap<Event>((a, b) => (a.at !== b.at ? a.at < b.at : a.order < b.order));
  #order = 0;
  #nextOffer = 1;
  #nextUpdate = 1;

  constructor() {
    this.#every(MICROS_PER_SECOND, () => this.allocate());
  }

  addAgent(resources: Resources, attributes: readonly Attribute[] = []): PlainAgent {
    const id = (2_097_152 + this.agents.length) as AgentId;
    const agent: PlainAgent = {
      id,
      info: {
        id,
        hostname: `host${this.agents.length}`,
        ip: null,
        port: 5051,
        resources,
        attributes,
        domain: null,
        capabilities: ALL_AGENT_CAPABILITIES,
        version: '1.0',
      },
      free: resources,
      isUp: true,
      turn: this.agents.length,
    };
    this.agents.push(agent);
    return agent;
  }

  addFramework(machine: WorkloadFramework, options: WorkloadOptions): Client {
    const client = new Client(machine, options, (2_097_152 + this.clients.length) as FrameworkId);
    this.clients.push(client);
    this.connect(client);
    return client;
  }

  connect(client: Client): void {
    client.connection++;
    this.step(client, { kind: 'connected' });
  }

  /** Breaks the connection; messages on the way are lost. */
  disconnect(client: Client): void {
    client.connection++;
    this.#deactivate(client);
    this.step(client, { kind: 'disconnected' });
  }

  submit(client: Client, jobs: readonly Job[]): void {
    this.step(client, { kind: 'jobsArrived', jobs });
  }

  at(instant: number, run: () => void): void {
    this.#agenda.push({ at: instant, order: this.#order++, run });
  }

  runUntil(instant: number): void {
    for (
      let event = this.#agenda.peek();
      event !== undefined && event.at <= instant;
      event = this.#agenda.peek()
    ) {
      this.#agenda.pop();
      this.now = micros(event.at);
      event.run();
    }
    this.now = micros(instant);
  }

  /** Until every job has ended, or `instant`; whether all have. */
  runUntilIdle(instant: number): boolean {
    for (
      let event = this.#agenda.peek();
      event !== undefined && event.at <= instant;
      event = this.#agenda.peek()
    ) {
      if (this.clients.every((client) => client.machine.isIdle)) return true;
      this.#agenda.pop();
      this.now = micros(event.at);
      event.run();
    }
    return this.clients.every((client) => client.machine.isIdle);
  }

  step(client: Client, input: WorkloadInput): void {
    const outputs: WorkloadOutput[] = [];
    client.machine.step(this.now, input, outputs);
    for (const output of outputs) {
      hashWorkloadOutput(client.hash, output);
      this.#perform(client, output);
    }
    if (this.invariantsEachStep) client.machine.checkInvariants();
    const deadline = client.machine.nextDeadline();
    if (deadline === null || deadline === client.deadlineAt) return;
    client.deadlineAt = deadline;
    this.at(Math.max(deadline, this.now), () => {
      if (client.deadlineAt !== deadline) return;
      client.deadlineAt = null;
      this.step(client, { kind: 'tick' });
    });
  }

  /** Every free agent to one framework whose turn it is. */
  allocate(): void {
    const batches = new Map<Client, Offer[]>();
    for (const agent of this.agents) {
      if (!agent.isUp || agent.free.isEmpty) continue;
      const takers = this.#takers(agent);
      if (takers.length === 0) continue;
      const [client, role] = takers[agent.turn++ % takers.length]!;
      const demand = client.demands.get(role);
      if (demand !== undefined) client.demands.set(role, demand.minus(agent.free.quantities()));
      const offer: Offer = {
        id: this.#nextOffer++ as OfferId,
        frameworkId: client.id,
        agentId: agent.id,
        agent: agent.info,
        role,
        resources: agent.free,
        unavailability: null,
        executorIds: [],
      };
      agent.free = Resources.EMPTY;
      this.offers.set(offer.id, { offer, client, agent });
      client.offersMade++;
      const batch = batches.get(client);
      if (batch === undefined) batches.set(client, [offer]);
      else batch.push(offer);
    }
    for (const [client, offers] of batches) this.send(client, { type: 'OFFERS', offers });
  }

  rescind(id: OfferId): void {
    const held = this.offers.get(id);
    if (held === undefined) return;
    this.#recover(held);
    this.send(held.client, { type: 'RESCIND', offerId: id });
  }

  /** The agent dies, and its tasks end in `state`; when it comes back it is empty. */
  crashAgent(agent: PlainAgent, state: TaskState): void {
    this.#takeDown(agent);
    for (const client of this.clients) {
      for (const task of client.tasks.values()) if (task.agent === agent) this.endTask(task, state);
    }
    agent.free = agent.info.resources;
  }

  /** The agent cannot be reached; its tasks run on. */
  partitionAgent(agent: PlainAgent): void {
    this.#takeDown(agent);
    for (const client of this.clients) {
      for (const task of client.tasks.values())
        if (task.agent === agent) this.report(task, 'TASK_UNREACHABLE');
    }
  }

  /** The agent is there again, and reports what its tasks have come to. */
  returnAgent(agent: PlainAgent): void {
    agent.isUp = true;
    for (const client of this.clients) {
      for (const task of client.tasks.values()) {
        if (task.agent !== agent) continue;
        if (task.endedAway !== null) this.endTask(task, task.endedAway);
        else this.report(task, task.state);
      }
    }
  }

  #takeDown(agent: PlainAgent): void {
    agent.isUp = false;
    for (const held of this.offers.values()) if (held.agent === agent) this.rescind(held.offer.id);
  }

  report(task: PlainTask, state: TaskState): void {
    this.send(task.framework, { type: 'UPDATE', status: this.#status(task, state) });
  }

  endTask(task: PlainTask, state: TaskState): void {
    if (isTerminal(task.state)) return;
    task.state = state;
    task.framework.tasks.delete(task.info.taskId);
    if (task.agent.isUp) task.agent.free = task.agent.free.plus(task.info.resources);
    this.report(task, state);
  }

  send(client: Client, event: SchedulerEvent): void {
    const { connection } = client;
    this.at(this.now + LATENCY, () => {
      if (client.connection === connection) this.step(client, { kind: 'event', event });
    });
  }

  #every(period: number, run: () => void): void {
    this.at(this.now + period, () => {
      run();
      this.#every(period, run);
    });
  }

  #perform(client: Client, output: WorkloadOutput): void {
    switch (output.kind) {
      case 'call': {
        const { connection } = client;
        const { call } = output;
        client.callCounts[call.type] = (client.callCounts[call.type] ?? 0) + 1;
        this.at(this.now + LATENCY, () => {
          if (client.connection === connection && this.onCall(client, call)) this.#called(client, call);
        });
        break;
      }
      case 'reconnect':
        this.#deactivate(client);
        client.connection++;
        this.at(this.now + LATENCY, () => this.connect(client));
        break;
      case 'jobEnded':
        client.outcomes.push(output.outcome);
        break;
      case 'attemptEnded':
        client.attempts.push(output.attempt);
        break;
    }
  }

  #called(client: Client, call: SchedulerCall): void {
    if (call.type !== 'SUBSCRIBE') {
      assert(call.frameworkId === client.id, 'every call names its framework');
      if (!client.isSubscribed) return;
    }
    const roles = rolesOf(client.options.info);
    switch (call.type) {
      case 'SUBSCRIBE':
        assert(call.frameworkId === call.frameworkInfo.id, 'both ids of SUBSCRIBE are equal');
        this.#deactivate(client);
        client.isSubscribed = true;
        client.suppressed.clear();
        for (const role of call.suppressedRoles) client.suppressed.add(role);
        this.send(client, {
          type: 'SUBSCRIBED',
          frameworkId: client.id,
          heartbeatIntervalSeconds: 0,
          master: 1 as never,
        });
        break;
      case 'ACCEPT':
        this.#accept(client, call);
        break;
      case 'DECLINE':
        for (const id of call.offerIds) {
          const held = this.offers.get(id);
          if (held !== undefined && held.client === client)
            this.#recover(held, call.filters?.refuseSeconds ?? 5);
        }
        break;
      case 'SUPPRESS':
        for (const role of call.roles.length === 0 ? roles : call.roles) {
          client.suppressed.add(role);
          client.demands.delete(role);
        }
        break;
      case 'REVIVE':
        for (const role of call.roles.length === 0 ? roles : call.roles) {
          client.suppressed.delete(role);
          client.demands.delete(role);
          for (const key of client.filters.keys()) if (key.startsWith(`${role}@`)) client.filters.delete(key);
        }
        this.allocate();
        break;
      case 'REQUEST':
        for (const request of call.requests) client.demands.set(request.role, request.quantities);
        this.allocate();
        break;
      case 'KILL': {
        const task = client.tasks.get(call.taskId);
        if (task === undefined) this.#answerUnknown(client, call.taskId, call.agentId);
        else if (task.agent.isUp) this.endTask(task, 'TASK_KILLED');
        else this.#answer(task);
        break;
      }
      case 'RECONCILE':
        if (call.tasks.length === 0) {
          for (const task of client.tasks.values()) this.#answer(task);
        }
        for (const { taskId, agentId } of call.tasks) {
          const task = client.tasks.get(taskId);
          if (task === undefined) this.#answerUnknown(client, taskId, agentId);
          else this.#answer(task);
        }
        break;
      case 'ACKNOWLEDGE':
        break;
      default:
        assert(false, `the workload framework makes no ${call.type} call`);
    }
  }

  #answer(task: PlainTask): void {
    const state = task.agent.isUp ? task.state : 'TASK_UNREACHABLE';
    this.send(task.framework, { type: 'UPDATE', status: { ...this.#status(task, state), uuid: null } });
  }

  #answerUnknown(client: Client, taskId: TaskId, agentId: AgentId | null): void {
    const agent = this.agents.find((each) => each.id === agentId);
    const state = agent === undefined ? 'TASK_UNKNOWN' : agent.isUp ? 'TASK_GONE' : 'TASK_UNREACHABLE';
    this.send(client, { type: 'UPDATE', status: statusOf(taskId, state, agentId, this.now, null) });
  }

  #accept(client: Client, call: Extract<SchedulerCall, { type: 'ACCEPT' }>): void {
    const held = call.offerIds.map((id) => this.offers.get(id));
    const tasks: TaskInfo[] = [];
    for (const operation of call.operations) {
      assert(operation.type === 'LAUNCH', 'only LAUNCH is used');
      tasks.push(...operation.taskInfos);
    }
    assert(tasks.length > 0, 'offers are accepted for tasks only');
    assert(new Set(call.offerIds).size === call.offerIds.length, 'an offer stands once in an ACCEPT');
    if (held.some((offer) => offer === undefined || offer.client !== client)) {
      for (const offer of held) if (offer !== undefined) this.#recover(offer);
      for (const { taskId, agentId } of tasks) {
        this.send(client, {
          type: 'UPDATE',
          status: statusOf(taskId, 'TASK_DROPPED', agentId, this.now, null),
        });
      }
      return;
    }
    const { agent, offer } = held[0]!;
    let rest = Resources.EMPTY;
    for (const each of held) {
      assert(each!.agent === agent && each!.offer.role === offer.role, 'an ACCEPT is for one agent and role');
      this.offers.delete(each!.offer.id);
      rest = rest.plus(each!.offer.resources);
    }
    for (const info of tasks) {
      assert(info.agentId === agent.id, 'a task names the agent of its offer');
      assert(rest.contains(info.resources), 'no more is launched than was offered');
      assert(!client.tasks.has(info.taskId), 'a task id is used once');
      rest = rest.minus(info.resources);
      const task: PlainTask = { framework: client, agent, info, state: 'TASK_STAGING', endedAway: null };
      client.tasks.set(info.taskId, task);
      const runMicros = client.machine.runMicrosOf(info.taskId);
      this.at(this.now + LATENCY, () => {
        if (isTerminal(task.state)) return;
        task.state = 'TASK_RUNNING';
        if (agent.isUp) this.report(task, 'TASK_RUNNING');
      });
      this.at(this.now + LATENCY + runMicros, () => {
        if (agent.isUp) this.endTask(task, this.endOf(info));
        else task.endedAway = this.endOf(info);
      });
    }
    agent.free = agent.free.plus(rest);
    this.#filter(client, offer.role, agent, rest, call.filters?.refuseSeconds ?? 5);
  }

  #recover(held: PlainOffer, refuseSeconds = 0): void {
    const { offer, agent, client } = held;
    this.offers.delete(offer.id);
    agent.free = agent.free.plus(offer.resources);
    this.#filter(client, offer.role, agent, offer.resources, refuseSeconds);
  }

  #filter(client: Client, role: string, agent: PlainAgent, refused: Resources, seconds: number): void {
    if (seconds <= 0 || refused.isEmpty) return;
    const until = this.now + Math.max(1, seconds) * MICROS_PER_SECOND;
    client.filters.set(`${role}@${agent.id}`, { until, refused });
  }

  #deactivate(client: Client): void {
    client.isSubscribed = false;
    client.demands.clear();
    client.filters.clear();
    for (const held of this.offers.values()) if (held.client === client) this.#recover(held);
  }

  #takers(agent: PlainAgent): (readonly [Client, string])[] {
    const takers: (readonly [Client, string])[] = [];
    for (const client of this.clients) {
      if (!client.isSubscribed) continue;
      for (const role of rolesOf(client.options.info)) {
        const filter = client.filters.get(`${role}@${agent.id}`);
        if (filter !== undefined && filter.until > this.now && filter.refused.contains(agent.free)) continue;
        const demand = client.demands.get(role);
        const isWanting = demand === undefined ? !client.suppressed.has(role) : !demand.isEmpty;
        if (isWanting) takers.push([client, role]);
      }
    }
    return takers;
  }

  #status(task: PlainTask, state: TaskState): TaskStatus {
    const uuid = this.#nextUpdate++ as UpdateId;
    return statusOf(task.info.taskId, state, task.agent.id, this.now, uuid);
  }
}

export function statusOf(
  taskId: TaskId,
  state: TaskState,
  agentId: AgentId | null,
  timestamp: Micros,
  uuid: UpdateId | null,
): TaskStatus {
  return {
    taskId,
    state,
    source: uuid === null ? 'SOURCE_MASTER' : 'SOURCE_EXECUTOR',
    reason: null,
    agentId,
    executorId: null,
    timestamp,
    uuid,
    message: null,
    details: null,
  };
}

/** Unreserved cpus (whole), mem (MiB) and gpus (whole). */
export function scalars(cpus: number, mem: number, gpus = 0): Resources {
  return Resources.ofScalars({
    cpus: milli(cpus * 1_000),
    mem: milli(mem * 1_000),
    gpus: milli(gpus * 1_000),
  });
}
