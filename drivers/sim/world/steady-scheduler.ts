import {
  type AgentId,
  type FrameworkId,
  type Micros,
  MICROS_PER_SECOND,
  micros,
  milli,
  type Sink,
  type TaskId,
} from '../../../engine/core/index.ts';
import {
  BLANK_TEMPLATE,
  type FrameworkInfo,
  isTerminal,
  type SchedulerCall,
  type SchedulerEvent,
  type TaskState,
  type TaskTemplate,
} from '../../../engine/protocol/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import type { Misbehaviour } from '../faults/index.ts';
import type {
  SchedulerFactory,
  SchedulerInput,
  SchedulerMachine,
  SchedulerOutput,
} from './scheduler-port.ts';

/** What the instances of one framework have in common, as a store of theirs would. */
export interface SteadyStore {
  frameworkId: FrameworkId | null;
  lastTask: number;
  /** Live tasks, with the agent once known. */
  readonly live: Map<TaskId, AgentId>;
  ended: number;
}

const TASK = Resources.ofScalars({ cpus: milli(500), mem: milli(256_000) });

const TEMPLATE: TaskTemplate = {
  ...BLANK_TEMPLATE,
  name: 'steady',
  command: { value: 'true', shell: true, args: [], user: null, environment: [], uris: [] },
};

const RECONCILE_EVERY = 30 * MICROS_PER_SECOND;
const SUBSCRIBE_TIMEOUT = 10 * MICROS_PER_SECOND;
const AFTER_ERROR = 30 * MICROS_PER_SECOND;
const LATE = 5 * MICROS_PER_SECOND;
const FLOOD_EVERY = 100_000;

/** A small scheduler for tests of clusters: it keeps up to `target` tasks running until told to stop, and does what a fault says. */
export class SteadyScheduler implements SchedulerMachine {
  readonly store: SteadyStore;
  readonly #info: FrameworkInfo;
  readonly #target: number;
  readonly #stopsAt: Micros;
  #how: Misbehaviour | null = null;
  #isSubscribed = false;
  #isConnected = false;
  #subscribeBy = Infinity;
  #quietUntil = 0;
  #nextRound = 0;
  #nextFlood = Infinity;
  /** Calls to be made later, by instant. */
  #late: { readonly at: number; readonly call: SchedulerCall }[] = [];
  #out!: Sink<SchedulerOutput>;
  #now = micros(0);

  constructor(info: FrameworkInfo, target: number, stopsAt: Micros, store: SteadyStore) {
    this.#info = info;
    this.#target = target;
    this.#stopsAt = stopsAt;
    this.store = store;
  }

  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  step(now: Micros, input: SchedulerInput, outputs: Sink<SchedulerOutput>): void {
    this.#now = now;
    this.#out = outputs;
    switch (input.kind) {
      case 'connected':
        this.#isConnected = true;
        if (now < this.#quietUntil) {
          this.#subscribeBy = this.#quietUntil;
          break;
        }
        this.#subscribeBy = now + SUBSCRIBE_TIMEOUT;
        this.#call({
          type: 'SUBSCRIBE',
          frameworkId: this.store.frameworkId,
          frameworkInfo: { ...this.#info, id: this.store.frameworkId },
          suppressedRoles: [],
          offerConstraints: null,
        });
        break;
      case 'disconnected':
        this.#isConnected = false;
        this.#isSubscribed = false;
        this.#late = [];
        break;
      case 'event':
        this.#heard(input.event);
        break;
      case 'behaves':
        this.#how = input.how;
        this.#nextFlood = input.how === 'floods' ? now : Infinity;
        if (input.how === null) this.#flush(Infinity);
        break;
      case 'tick':
        this.#tick();
        break;
    }
  }

  nextDeadline(): Micros | null {
    let next = this.#isSubscribed ? this.#nextRound : this.#isConnected ? this.#subscribeBy : Infinity;
    if (this.#isSubscribed) next = Math.min(next, this.#nextFlood);
    if (this.#isSubscribed) for (const { at } of this.#late) next = Math.min(next, at);
    return next === Infinity ? null : micros(next);
  }

  checkInvariants(): void {
    // It keeps no sums.
  }

  #heard(event: SchedulerEvent): void {
    const { store } = this;
    switch (event.type) {
      case 'SUBSCRIBED':
        this.#isSubscribed = true;
        store.frameworkId = event.frameworkId;
        this.#nextRound = this.#now;
        break;
      case 'OFFERS':
        if (this.#how !== 'hoards') for (const offer of event.offers) this.#offered(offer);
        break;
      case 'UPDATE': {
        const { status } = event;
        if (this.#isOver(status.state) && store.live.delete(status.taskId)) store.ended++;
        else if (status.agentId !== null && store.live.has(status.taskId))
          store.live.set(status.taskId, status.agentId);
        if (status.uuid === null || status.agentId === null) break;
        const { taskId, agentId, uuid } = status;
        const call: SchedulerCall = { type: 'ACKNOWLEDGE', frameworkId: this.#id, agentId, taskId, uuid };
        this.#callOrWait(call, this.#how === 'acknowledgesLate' ? Infinity : 0);
        break;
      }
      case 'ERROR':
        // A newer instance has taken over, or an older one has come back, or the authorizer failed, or the framework was torn down, which
        // the next master may not know: it asks again, but not at once.
        this.#isSubscribed = false;
        this.#late = [];
        this.#quietUntil = this.#now + AFTER_ERROR;
        break;
      default:
    }
  }

  /** Nobody knows the task any more, or, in the end, its agent is not expected back. */
  #isOver(state: TaskState): boolean {
    if (isTerminal(state) || state === 'TASK_UNKNOWN') return true;
    return state === 'TASK_UNREACHABLE' && this.#now >= this.#stopsAt;
  }

  #offered(offer: Extract<SchedulerEvent, { type: 'OFFERS' }>['offers'][number]): void {
    const { store } = this;
    const wants = this.#now < this.#stopsAt && store.live.size < this.#target;
    const own = { type: 'DECLINE' as const, frameworkId: this.#id, offerIds: [offer.id] };
    if (!wants || !offer.resources.unreserved().contains(TASK)) {
      const refuseSeconds = this.#now < this.#stopsAt ? 2 : 60;
      this.#callOrWait({ ...own, filters: { refuseSeconds } }, 0);
      return;
    }
    const taskId = ++store.lastTask as TaskId;
    store.live.set(taskId, offer.agentId);
    this.#callOrWait(
      {
        type: 'ACCEPT',
        frameworkId: this.#id,
        offerIds: [offer.id],
        operations: [
          {
            type: 'LAUNCH',
            id: null,
            taskInfos: [{ taskId, agentId: offer.agentId, resources: TASK, template: TEMPLATE }],
          },
        ],
        filters: { refuseSeconds: 1 },
      },
      0,
    );
  }

  #tick(): void {
    const now = this.#now;
    if (!this.#isSubscribed) {
      if (this.#isConnected && this.#subscribeBy <= now) {
        this.#isConnected = false;
        this.#out.push({ kind: 'reconnect' });
      }
      return;
    }
    this.#flush(now);
    if (this.#nextFlood <= now) {
      this.#nextFlood = now + FLOOD_EVERY;
      for (let count = 0; count < 5; count++)
        this.#call({ type: 'REVIVE', frameworkId: this.#id, roles: [] });
      this.#call({ type: 'RECONCILE', frameworkId: this.#id, tasks: [] });
    }
    if (this.#nextRound <= now) {
      this.#nextRound = now + RECONCILE_EVERY;
      const tasks = [...this.store.live].map(([taskId, agentId]) => ({ taskId, agentId }));
      if (tasks.length > 0) this.#call({ type: 'RECONCILE', frameworkId: this.#id, tasks });
      // In the end what is left is killed.
      if (now >= this.#stopsAt) {
        for (const { taskId, agentId } of tasks)
          this.#call({ type: 'KILL', frameworkId: this.#id, taskId, agentId, killPolicy: null });
      }
    }
  }

  #callOrWait(call: SchedulerCall, until: number): void {
    const at = this.#how === 'answersLate' ? Math.max(until, this.#now + LATE) : until;
    if (at <= this.#now) this.#call(call);
    else this.#late.push({ at, call });
  }

  #flush(upTo: number): void {
    const due = this.#late.filter(({ at }) => at <= upTo);
    this.#late = this.#late.filter(({ at }) => at > upTo);
    for (const { call } of due) this.#call(call);
  }

  #call(call: SchedulerCall): void {
    this.#out.push({ kind: 'call', call });
  }

  get #id(): FrameworkId {
    return this.store.frameworkId!;
  }
}

/** `count` steady frameworks, role `r0` and so on by turns, that want up to `target` tasks each until `stopsAt`. */
export function steadyFactory(
  count: number,
  target: number,
  stopsAt: Micros,
  roles: readonly string[],
): SchedulerFactory<SteadyScheduler> {
  const infoOf = (number: number): FrameworkInfo => ({
    user: 'orrery',
    name: `steady-${number}`,
    id: null,
    failoverTimeout: 604_800,
    checkpoint: true,
    role: null,
    roles: [roles[number % roles.length]!],
    hostname: `steady-${number}`,
    principal: null,
    webuiUrl: null,
    capabilities: ['MULTI_ROLE', 'PARTITION_AWARE', 'RESERVATION_REFINEMENT'],
    labels: null,
    offerFilters: new Map(),
  });
  return {
    count,
    nameOf: (number) => `steady-${number}`,
    make: (number, before) =>
      new SteadyScheduler(
        infoOf(number),
        target,
        stopsAt,
        before?.store ?? { frameworkId: null, lastTask: 0, live: new Map(), ended: 0 },
      ),
    runMicrosOf: (number, taskId) => (5 + ((taskId * 37 + number * 11) % 60)) * MICROS_PER_SECOND,
  };
}
