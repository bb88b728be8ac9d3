import {
  type AgentId,
  assert,
  assertNever,
  type FrameworkId,
  type Machine,
  type Micros,
  MICROS_PER_SECOND,
  micros,
  type OfferId,
  Rng,
  type Sink,
  type TaskId,
  type UpdateId,
} from '../../engine/core/index.ts';
import {
  type Filters,
  type FrameworkInfo,
  type Offer,
  type OfferOperation,
  rolesOf,
  type SchedulerCall,
  type SchedulerEvent,
  type TaskStatus,
} from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { ChaosInput, ChaosMood, ChaosOutput } from './chaos-io.ts';
import type { ChaosOptions } from './chaos-options.ts';
import { Hand } from './hand.ts';
import { type LaunchContext, launchesOn } from './launches.ts';
import { ChaosLedger, isOver, type LedgerTask } from './ledger.ts';
import { operationOn } from './offer-operations.ts';

const NEVER = Number.POSITIVE_INFINITY;

interface LateAck {
  readonly due: number;
  readonly agentId: AgentId;
  readonly taskId: TaskId;
  readonly uuid: UpdateId;
}

/** Calm: first and longest wait between two rounds of reconciliation and kills. */
const ROUND_MIN = 10 * MICROS_PER_SECOND;
const ROUND_MAX = 60 * MICROS_PER_SECOND;
/** Calm: an offer is declined for so long that all others see it before it comes again. */
const CALM_REFUSAL: Filters = { refuseSeconds: 60 };
const LATE_ACKS_MAX = 64;
const STANDS_BACK = 60 * MICROS_PER_SECOND;

/**
 * A scheduler that uses everything a scheduler may, well or badly, as its seed decides: launches of all kinds, combinations of offers, some of
 * them stale, filters of odd lengths, hoarding, kills, reconciliation, late and repeated acknowledgements, changes of its own description.
 *
 * It keeps a ledger of what it was told. Once calmed it behaves: it acknowledges at once, ends its tasks, reconciles with a back-off until
 * all is answered, declines shortly, and is silent when nothing is left.
 */
export class ChaosFramework implements Machine<ChaosInput, ChaosOutput>, LaunchContext {
  /** Shared by the instances of one framework, as a store that they have in common. */
  readonly ledger: ChaosLedger;
  readonly temper: ChaosOptions['temper'];
  readonly rng: Rng;
  readonly #options: ChaosOptions;
  readonly #hand = new Hand();
  #info: FrameworkInfo;
  #suppressed: readonly string[];
  #id: FrameworkId | null = null;
  #state: 'closed' | 'subscribing' | 'subscribed' | 'refused' = 'closed';
  #isCalm = false;
  #mood: ChaosMood | null = null;
  #nextCalm: number;
  #leavesAt: number;
  #hasLeft = false;
  /** Another instance has the store now: what this one makes of the framework's end is nobody's business. */
  #isSuperseded = false;
  #lateAcks: LateAck[] = [];
  #heard = 0;
  #silenceMax = NEVER;
  #refusals = 0;
  /** No subscription before this. */
  #notBefore = 0;
  // Deadlines, NEVER while unset.
  #subscribeBy = NEVER;
  #nextAction = NEVER;
  #nextAck = NEVER;
  #nextRound = NEVER;
  #round = ROUND_MIN;

  /** @param before the instance that this one takes over from: it reads that one's store */
  constructor(options: ChaosOptions, before: ChaosFramework | null) {
    assert(options.info.id === null, 'the master gives the id');
    this.#options = options;
    this.#info = options.info;
    this.#nextCalm = options.calmAt;
    this.#leavesAt = options.leavesAt ?? NEVER;
    this.ledger = before?.ledger ?? new ChaosLedger();
    this.#id = before?.id ?? null;
    if (before !== null) before.#isSuperseded = true;
    this.#suppressed = options.suppressedRoles;
    this.temper = options.temper;
    this.rng = Rng.forPurpose(options.seed, 'chaos');
  }

  get frameworkId(): FrameworkId {
    assert(this.#id !== null, 'only a subscribed framework launches');
    return this.#id;
  }

  /** Null until the first SUBSCRIBED, and after it was removed. */
  get id(): FrameworkId | null {
    return this.#id;
  }

  get info(): FrameworkInfo {
    return this.#info;
  }

  get isSubscribed(): boolean {
    return this.#state === 'subscribed';
  }

  get offersHeld(): number {
    return this.#hand.size;
  }

  /** Roles that it has suppressed, as it believes. */
  get suppressedRoles(): readonly string[] {
    return this.#suppressed;
  }

  newTaskId(): TaskId {
    return this.ledger.newTaskId();
  }

  nextDeadline(): Micros | null {
    let earliest = this.#subscribeBy;
    if (this.#nextAction < earliest) earliest = this.#nextAction;
    if (this.#nextAck < earliest) earliest = this.#nextAck;
    if (this.#nextRound < earliest) earliest = this.#nextRound;
    if (this.#nextCalm < earliest) earliest = this.#nextCalm;
    if (this.#leavesAt < earliest) earliest = this.#leavesAt;
    return earliest === NEVER ? null : micros(earliest);
  }

  /** Gone for good. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  step(now: Micros, input: ChaosInput, outputs: Sink<ChaosOutput>): void {
    if (this.#hasLeft) return;
    if (this.#leavesAt <= now) {
      this.#leave(outputs);
      return;
    }
    switch (input.kind) {
      case 'connected':
        if (now >= this.#notBefore) this.#subscribe(now, outputs);
        else this.#subscribeBy = this.#notBefore;
        break;
      case 'disconnected':
        this.#close();
        break;
      case 'event':
        this.#heard = now;
        this.#event(now, input.event, outputs);
        break;
      case 'behaves':
        this.#behaves(now, input.how);
        break;
      case 'tick':
        this.#tick(now, outputs);
        break;
      default:
        assertNever(input);
    }
  }

  /** Throws InvariantError if its books contradict each other. */
  checkInvariants(): void {
    assert(this.ledger.live === this.ledger.tasks.size, 'live tasks are counted');
    assert(this.#state === 'subscribed' || this.#hand.size === 0, 'offers end with their stream');
  }

  #leave(outputs: Sink<ChaosOutput>): void {
    this.#hasLeft = true;
    this.#leavesAt = NEVER;
    this.#nextCalm = NEVER;
    this.#close();
    outputs.push({ kind: 'reconnect' });
  }

  #behaves(now: Micros, how: ChaosMood | null): void {
    this.#mood = how;
    if (this.#isCalm || this.#state !== 'subscribed') return;
    // Whatever waited for the end of a mood happens soon after it; a flood begins at once.
    if (how === null || how === 'floods') this.#nextAction = now + 1 + this.rng.below(MICROS_PER_SECOND);
    if (how === null && this.#lateAcks.length > 0) this.#nextAck = now + 1;
  }

  // The subscription.

  #subscribe(now: Micros, outputs: Sink<ChaosOutput>): void {
    this.#state = 'subscribing';
    this.#subscribeBy = now + this.#options.subscribeWait;
    this.#hand.clear();
    this.#send(outputs, {
      type: 'SUBSCRIBE',
      frameworkId: this.#id,
      frameworkInfo: { ...this.#info, id: this.#id },
      suppressedRoles: this.#suppressed,
      offerConstraints: this.#options.offerConstraints,
    });
  }

  #close(): void {
    this.#state = 'closed';
    this.#subscribeBy = NEVER;
    this.#nextAction = NEVER;
    this.#nextRound = NEVER;
    this.#nextAck = NEVER;
    this.#lateAcks = [];
    this.#hand.clear();
  }

  #event(now: Micros, event: SchedulerEvent, outputs: Sink<ChaosOutput>): void {
    switch (event.type) {
      case 'SUBSCRIBED':
        this.#subscribed(now, event.frameworkId, event.heartbeatIntervalSeconds, outputs);
        break;
      case 'OFFERS':
        this.#offered(now, event.offers, outputs);
        break;
      case 'RESCIND':
        // Now and then it has not read it yet when it accepts.
        if (this.#isCalm || this.rng.below(8) !== 0) this.#hand.drop(event.offerId);
        break;
      case 'UPDATE':
        this.#updated(now, event.status, outputs);
        break;
      case 'ERROR':
        this.#refused(now, event.message);
        break;
      case 'INVERSE_OFFERS': {
        const inverseOfferIds = event.inverseOffers.map((one) => one.id);
        const accepts = this.#isCalm || this.rng.below(2) === 0;
        this.#send(outputs, {
          type: accepts ? 'ACCEPT_INVERSE_OFFERS' : 'DECLINE_INVERSE_OFFERS',
          frameworkId: this.frameworkId,
          inverseOfferIds,
          filters: this.#filters(),
        });
        break;
      }
      case 'UPDATE_OPERATION_STATUS':
        this.#operationUpdated(event.status, outputs);
        break;
      case 'RESCIND_INVERSE_OFFER':
      case 'MESSAGE':
      case 'FAILURE':
      case 'HEARTBEAT':
        break;
      default:
        assertNever(event);
    }
  }

  #subscribed(now: Micros, id: FrameworkId, heartbeatSeconds: number, outputs: Sink<ChaosOutput>): void {
    const isFirst = this.#id === null;
    this.#id = id;
    this.#state = 'subscribed';
    const missed = this.#options.heartbeatsMissedMax;
    this.#silenceMax =
      missed === null || heartbeatSeconds <= 0 ? NEVER : missed * heartbeatSeconds * MICROS_PER_SECOND;
    this.#subscribeBy = now + this.#silenceMax;
    if (this.#isCalm) {
      this.#calm(now, outputs);
      return;
    }
    this.#nextAction = now + this.rng.below(2 * this.temper.actionInterval);
    // A good scheduler reconciles after a failover; a bad one does not.
    if (!isFirst && this.rng.below(2) === 0) this.#reconcile(outputs);
  }

  #refused(now: Micros, message: string): void {
    this.#close();
    this.#state = 'refused';
    this.#refusals = Math.min(this.#refusals + 1, 6);
    // Another instance has taken over: this one stands back, lest the two throw each other out without end.
    const wait = message === 'Framework failed over' ? STANDS_BACK : MICROS_PER_SECOND * 2 ** this.#refusals;
    this.#notBefore = now + wait;
    this.#subscribeBy = this.#notBefore;
    if (message === 'Framework has been removed') this.#startAnew();
  }

  /** The master has removed it for good: its next subscription is another framework's. */
  #startAnew(): void {
    if (this.#isSuperseded) return;
    this.#id = null;
    this.ledger.forgetAll();
  }

  // Offers.

  #offered(now: Micros, offers: readonly Offer[], outputs: Sink<ChaosOutput>): void {
    if (this.#isCalm) {
      this.#decline(offers, CALM_REFUSAL, outputs);
      return;
    }
    const { rng, temper } = this;
    const declined: Offer[] = [];
    const isHolding = this.#mood === 'hoards' || this.#mood === 'answersLate';
    for (const offer of offers) {
      this.#hand.add(offer);
      if (isHolding) continue;
      const draw = rng.below(100);
      if (draw < temper.launchPercent) this.#accept(now, [offer], outputs);
      else if (draw >= temper.launchPercent + temper.hoardPercent) declined.push(offer);
    }
    if (declined.length > 0) this.#decline(declined, this.#filters(), outputs);
    if (temper.suppressesAtOnce && !isHolding) this.#suppressAll(outputs);
  }

  #suppressAll(outputs: Sink<ChaosOutput>): void {
    this.#suppressed = rolesOf(this.#info);
    this.#send(outputs, { type: 'SUPPRESS', frameworkId: this.frameworkId, roles: [] });
  }

  #decline(offers: readonly Offer[], filters: Filters | null, outputs: Sink<ChaosOutput>): void {
    for (const offer of offers) this.#hand.drop(offer.id);
    this.#send(outputs, {
      type: 'DECLINE',
      frameworkId: this.frameworkId,
      offerIds: offers.map((offer) => offer.id),
      filters,
    });
  }

  /** Accepts offers of one agent and role, with operations and launches on what they hold. */
  #accept(now: Micros, offers: readonly Offer[], outputs: Sink<ChaosOutput>): void {
    const { rng, temper } = this;
    const first = offers[0]!;
    let resources = Resources.EMPTY;
    for (const offer of offers) {
      resources = resources.plus(offer.resources);
      this.#hand.drop(offer.id);
    }
    const operations: OfferOperation[] = [];
    if (rng.below(100) < temper.operationPercent) {
      const drawn = operationOn(resources, first.role, this.#info.principal, rng, () =>
        this.ledger.newNumber(),
      );
      if (drawn !== null) {
        operations.push(drawn.operation);
        resources = resources.minus(drawn.consumed).plus(drawn.produced);
      }
    }
    operations.push(...launchesOn(now, this, first.agentId, resources));
    const offerIds: OfferId[] = offers.map((offer) => offer.id);
    if (rng.below(100) < temper.invalidPercent) this.#spoil(offerIds);
    this.#send(outputs, {
      type: 'ACCEPT',
      frameworkId: this.frameworkId,
      offerIds,
      operations,
      filters: this.#filters(),
    });
    for (const operation of operations) {
      if (operation.type !== 'LAUNCH' && operation.type !== 'LAUNCH_GROUP') continue;
      for (const { taskId, agentId } of operation.taskInfos) {
        if (rng.below(100) < temper.killAtOncePercent) this.#kill(taskId, agentId, outputs);
      }
    }
  }

  /** Makes a list of offers one that the master refuses: an offer that is gone, one named twice, one of another agent or role. */
  #spoil(offerIds: OfferId[]): void {
    const { rng } = this;
    const stale = this.#hand.stale(rng.next());
    const other = this.#hand.first();
    const draw = rng.below(4);
    if (draw === 0 && other !== null) {
      offerIds.push(other.id);
      this.#hand.drop(other.id);
    } else if (draw === 1) {
      offerIds.push(offerIds[0]!);
    } else if (draw === 2) {
      offerIds.push((offerIds[0]! + 2 ** 20) as OfferId);
    } else if (stale !== null) {
      offerIds.push(stale.id);
    }
  }

  /** How long what is refused stays hidden: mostly the default or some seconds, at times something odd (spec 16 §8). */
  #filters(): Filters | null {
    const { rng, temper } = this;
    if (rng.below(100) < temper.oddFilterPercent) {
      return { refuseSeconds: ODD_REFUSALS[rng.below(ODD_REFUSALS.length)]! };
    }
    if (temper.refuseSeconds !== null) return { refuseSeconds: temper.refuseSeconds };
    switch (rng.below(4)) {
      case 0:
        return null;
      case 1:
        return { refuseSeconds: 0 };
      default:
        return { refuseSeconds: 1 + rng.below(30) };
    }
  }

  // Tasks.

  #updated(now: Micros, status: TaskStatus, outputs: Sink<ChaosOutput>): void {
    const task = this.ledger.told(now, status);
    if (this.#isCalm && this.#nextRound === NEVER && this.ledger.tasks.size > 0)
      this.#nextRound = now + ROUND_MIN;
    if (status.uuid === null) {
      if (task !== null && isOver(task.state) && this.#isForGood(status)) this.ledger.retire(task);
      return;
    }
    const agentId = status.agentId!;
    const { rng, temper } = this;
    const isLate = this.#mood === 'acknowledgesLate' || this.#mood === 'answersLate';
    if (this.#isCalm || (!isLate && rng.below(100) >= temper.lateAckPercent)) {
      this.#acknowledge(agentId, status.taskId, status.uuid, outputs);
      // Who says everything twice acknowledges twice.
      if (!this.#isCalm && temper.repeats > 1 && rng.below(4) === 0)
        this.#acknowledge(agentId, status.taskId, status.uuid, outputs);
      return;
    }
    // A lost answer is as good as one that is never given: the agent repeats its update.
    if (this.#lateAcks.length >= LATE_ACKS_MAX) return;
    const due = this.#mood === 'acknowledgesLate' ? NEVER : now + rng.below(temper.lateness + 1);
    this.#lateAcks.push({ due, agentId, taskId: status.taskId, uuid: status.uuid });
    if (due < this.#nextAck) this.#nextAck = due;
  }

  /** A word of the master's own after which a task cannot turn up any more. */
  #isForGood({ state, reason }: TaskStatus): boolean {
    return (
      state === 'TASK_ERROR' ||
      reason === 'REASON_INVALID_OFFERS' ||
      (this.#isCalm && reason === 'REASON_RECONCILIATION')
    );
  }

  #acknowledge(agentId: AgentId, taskId: TaskId, uuid: UpdateId, outputs: Sink<ChaosOutput>): void {
    this.ledger.acknowledges(agentId, taskId, uuid);
    this.#send(outputs, { type: 'ACKNOWLEDGE', frameworkId: this.frameworkId, agentId, taskId, uuid });
  }

  #operationUpdated(
    status: Extract<SchedulerEvent, { type: 'UPDATE_OPERATION_STATUS' }>['status'],
    outputs: Sink<ChaosOutput>,
  ): void {
    const { uuid } = status;
    if (uuid === null || status.operationId === null) return;
    this.#send(outputs, {
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      frameworkId: this.frameworkId,
      agentId: status.agentId,
      resourceProviderId: null,
      operationId: status.operationId,
      uuid,
    });
  }

  #kill(taskId: TaskId, agentId: AgentId | null, outputs: Sink<ChaosOutput>): void {
    const task = this.ledger.tasks.get(taskId);
    if (task !== undefined) task.killsSent++;
    this.#send(outputs, {
      type: 'KILL',
      frameworkId: this.frameworkId,
      taskId,
      agentId,
      killPolicy: this.#isCalm
        ? { gracePeriod: micros(MICROS_PER_SECOND) }
        : this.rng.below(3) === 0
          ? { gracePeriod: micros(this.rng.below(30 * MICROS_PER_SECOND)) }
          : null,
    });
  }

  /** Explicit for what it knows to live, or implicit; when it is calm both: what it has given up and used the id of may live. */
  #reconcile(outputs: Sink<ChaosOutput>): void {
    const { rng } = this;
    const tasks: { taskId: TaskId; agentId: AgentId | null }[] = [];
    if (this.#isCalm) this.#send(outputs, { type: 'RECONCILE', frameworkId: this.frameworkId, tasks: [] });
    if (this.#isCalm || rng.below(2) === 0) {
      for (const { taskId, agentId } of this.ledger.tasks.values()) {
        // Without an agent there is no answer while any agent of the registry is awaited; with it, once that one is back or given up.
        tasks.push({ taskId, agentId: !this.#isCalm && rng.below(4) === 0 ? null : agentId });
      }
      if (!this.#isCalm && rng.below(4) === 0) tasks.push({ taskId: this.newTaskId(), agentId: null });
      if (tasks.length === 0) return;
    }
    this.#send(outputs, { type: 'RECONCILE', frameworkId: this.frameworkId, tasks });
  }

  // Time.

  #tick(now: Micros, outputs: Sink<ChaosOutput>): void {
    if (this.#subscribeBy <= now && this.#state === 'closed') {
      this.#subscribe(now, outputs);
      return;
    }
    if (this.#subscribeBy <= now && this.#isSilent(now)) {
      this.#close();
      outputs.push({ kind: 'reconnect' });
      return;
    }
    if (this.#nextCalm <= now) this.#calm(now, outputs);
    if (this.#nextAck <= now) this.#acknowledgeLate(now, outputs);
    if (this.#nextRound <= now) this.#calmRound(now, outputs);
    if (this.#nextAction <= now) {
      const isFlood = this.#mood === 'floods';
      const interval = isFlood ? MICROS_PER_SECOND : this.temper.actionInterval;
      this.#nextAction = now + 1 + this.rng.below(2 * interval);
      for (let count = isFlood || this.rng.below(8) === 0 ? this.temper.repeats : 1; count > 0; count--) {
        if (this.#state === 'subscribed') this.#act(now, outputs);
      }
    }
  }

  /** No answer to the subscription, or no event for several heartbeats. Puts the deadline right otherwise. */
  #isSilent(now: Micros): boolean {
    if (this.#state === 'subscribed' && now < this.#heard + this.#silenceMax) {
      this.#subscribeBy = this.#heard + this.#silenceMax;
      return false;
    }
    return true;
  }

  #acknowledgeLate(now: Micros, outputs: Sink<ChaosOutput>): void {
    const waiting: LateAck[] = [];
    let next = NEVER;
    for (const late of this.#lateAcks) {
      if (late.due <= now || (late.due === NEVER && this.#mood !== 'acknowledgesLate')) {
        this.#acknowledge(late.agentId, late.taskId, late.uuid, outputs);
        if (this.rng.below(4) === 0) this.#acknowledge(late.agentId, late.taskId, late.uuid, outputs);
      } else {
        waiting.push(late);
        next = Math.min(next, late.due);
      }
    }
    this.#lateAcks = waiting;
    this.#nextAck = next;
  }

  /** Something on its own account. */
  #act(now: Micros, outputs: Sink<ChaosOutput>): void {
    const { rng, temper } = this;
    if (rng.below(100) < temper.teardownPercent && !this.#isSuperseded) {
      this.#tearDown(outputs);
      return;
    }
    switch (rng.below(14)) {
      case 0:
      case 1:
      case 2: {
        const held = this.#hand.first();
        if (held === null) break;
        const kin = this.#hand.kin(held.agentId, held.role);
        if (rng.below(3) === 0) this.#decline(this.#hand.all(), this.#filters(), outputs);
        else this.#accept(now, kin, outputs);
        break;
      }
      case 3:
      case 4: {
        const task = this.#anyTask();
        if (task !== null) this.#kill(task.taskId, rng.below(3) === 0 ? null : task.agentId, outputs);
        break;
      }
      case 5:
        // A task that nobody knows, or one that is long over.
        this.#kill(
          this.ledger.ended.length > 0 && rng.below(2) === 0
            ? this.ledger.ended[rng.below(this.ledger.ended.length)]!.taskId
            : this.newTaskId(),
          null,
          outputs,
        );
        break;
      case 6:
        this.#reconcile(outputs);
        break;
      case 7:
      case 8:
        this.#revive(outputs);
        break;
      case 9:
        this.#suppress(outputs);
        break;
      case 10:
        this.#speakToExecutor(outputs);
        break;
      case 11:
        this.#update(outputs);
        break;
      case 12: {
        const { acknowledged } = this.ledger;
        if (acknowledged.length === 0) break;
        const again = acknowledged[rng.below(acknowledged.length)]!;
        this.#send(outputs, { type: 'ACKNOWLEDGE', frameworkId: this.frameworkId, ...again });
        break;
      }
      default:
        if (rng.below(4) === 0) outputs.push({ kind: 'reconnect' });
        else if (this.ledger.launches > 0)
          this.#send(outputs, {
            type: 'RECONCILE_OPERATIONS',
            frameworkId: this.frameworkId,
            operations: [],
          });
    }
  }

  #anyTask(): LedgerTask | null {
    const { size } = this.ledger.tasks;
    if (size === 0) return null;
    let index = this.rng.below(size);
    for (const task of this.ledger.tasks.values()) if (index-- === 0) return task;
    return null;
  }

  #someRoles(): readonly string[] {
    const roles = rolesOf(this.#info);
    if (roles.length === 0 || this.rng.below(4) === 0) return [];
    return [roles[this.rng.below(roles.length)]!];
  }

  #revive(outputs: Sink<ChaosOutput>): void {
    const roles = this.#someRoles();
    this.#suppressed = roles.length === 0 ? [] : this.#suppressed.filter((role) => !roles.includes(role));
    this.#send(outputs, { type: 'REVIVE', frameworkId: this.frameworkId, roles });
  }

  #suppress(outputs: Sink<ChaosOutput>): void {
    const roles = this.#someRoles();
    const all = rolesOf(this.#info);
    this.#suppressed = roles.length === 0 ? all : [...new Set([...this.#suppressed, ...roles])];
    this.#send(outputs, { type: 'SUPPRESS', frameworkId: this.frameworkId, roles });
  }

  #speakToExecutor(outputs: Sink<ChaosOutput>): void {
    const task = this.#anyTask();
    if (task === null) return;
    const { agentId, executorId } = task;
    const frameworkId = this.frameworkId;
    if (this.rng.below(3) === 0) this.#send(outputs, { type: 'SHUTDOWN', frameworkId, executorId, agentId });
    else
      this.#send(outputs, { type: 'MESSAGE', frameworkId, executorId, agentId, data: new Uint8Array([1]) });
  }

  /** UPDATE_FRAMEWORK: other suppressed roles, and now and then other roles. */
  #update(outputs: Sink<ChaosOutput>): void {
    const { info, offerConstraints } = this.#options;
    // What is said of a role must be a role.
    const isFree = offerConstraints === null && info.offerFilters.size === 0;
    if (isFree && info.capabilities.includes('MULTI_ROLE') && this.rng.below(3) === 0) {
      const all = info.roles;
      const some = all.filter(() => this.rng.below(3) !== 0);
      this.#info = { ...this.#info, roles: some.length === 0 ? all : some };
    }
    const roles = rolesOf(this.#info);
    this.#suppressed = roles.filter(() => this.rng.below(4) === 0);
    this.#send(outputs, {
      type: 'UPDATE_FRAMEWORK',
      frameworkId: this.frameworkId,
      frameworkInfo: { ...this.#info, id: this.#id },
      suppressedRoles: this.#suppressed,
      offerConstraints: this.#options.offerConstraints,
    });
  }

  #tearDown(outputs: Sink<ChaosOutput>): void {
    this.#send(outputs, { type: 'TEARDOWN', frameworkId: this.frameworkId });
    this.#startAnew();
    this.#close();
    // Its next subscription is a new framework's.
    outputs.push({ kind: 'reconnect' });
  }

  // Calm.

  #calm(now: Micros, outputs: Sink<ChaosOutput>): void {
    this.#isCalm = true;
    this.#nextCalm = NEVER;
    this.#nextAction = NEVER;
    if (this.#state !== 'subscribed') return;
    this.#mood = null;
    this.#acknowledgeLate(micros(Number.MAX_SAFE_INTEGER), outputs);
    const held = this.#hand.all();
    if (held.length > 0) this.#decline(held, CALM_REFUSAL, outputs);
    this.#suppressed = [];
    this.#send(outputs, { type: 'REVIVE', frameworkId: this.frameworkId, roles: [] });
    this.#round = ROUND_MIN;
    this.#calmRound(now, outputs);
  }

  /** Ends what lives and asks about everything; again after a while, until nothing is left. */
  #calmRound(now: Micros, outputs: Sink<ChaosOutput>): void {
    if (this.ledger.tasks.size === 0) {
      // Should one turn up, the rounds begin again.
      this.#nextRound = NEVER;
      this.#round = ROUND_MIN;
      return;
    }
    this.#reconcile(outputs);
    for (const task of this.ledger.tasks.values()) {
      if (!isOver(task.state)) this.#kill(task.taskId, task.agentId, outputs);
    }
    this.#nextRound = now + this.#round;
    this.#round = Math.min(2 * this.#round, ROUND_MAX);
  }

  #send(outputs: Sink<ChaosOutput>, call: SchedulerCall): void {
    outputs.push({ kind: 'call', call });
  }
}

const ODD_REFUSALS: readonly number[] = [
  0,
  5,
  3_600,
  1e12,
  Number.NaN,
  -1,
  Number.POSITIVE_INFINITY,
  1e-9,
  0.5,
];
