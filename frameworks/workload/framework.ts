import {
  type AgentId,
  assert,
  assertNever,
  type FrameworkId,
  type Machine,
  type Micros,
  micros,
  MICROS_PER_SECOND,
  microsToSeconds,
  type OfferId,
  Rng,
  type Sink,
  type TaskId,
} from '../../engine/core/index.ts';
import {
  type Filters,
  isTerminal,
  type Offer,
  rolesOf,
  type SchedulerEvent,
  type StatusReason,
  type SubscribedEvent,
  type TaskState,
  type TaskStatus,
} from '../../engine/protocol/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type {
  Job,
  JobOutcome,
  JobState,
  KindAmounts,
  PlacementConstraint,
} from '../../engine/workload/index.ts';
import { BinaryHeap } from './binary-heap.ts';
import { CallWriter, NO_FILTER } from './calls.ts';
import { demandToState, type StatedDemand } from './demand.ts';
import type { WorkloadInput, WorkloadOutput } from './framework-io.ts';
import { backOff, releaseUseless, updateHold } from './hoard.ts';
import { verifyBooks } from './invariants.ts';
import { fifoOrder, priorityOrder } from './job-queue.ts';
import { type KillEntry, KillList } from './kill-list.ts';
import { LaunchWatch } from './launch-watch.ts';
import {
  durationOf,
  type LiveGroup,
  type LiveJob,
  liveJob,
  outcomeOf,
  pendingOf,
  refusedOutcome,
} from './live-job.ts';
import type { Holding } from './offer-pool.ts';
import type { WorkloadOptions } from './options.ts';
import { type LaunchNext, type PlacementRules, place, placeOn } from './placement.ts';
import { ReconcileClock } from './reconcile-clock.ts';
import { RoleState } from './role-state.ts';
import { Subscription } from './subscription.ts';
import { type TaskRun, TaskTable } from './task-table.ts';
import { firesBefore, type Timer, type TimerSubject } from './timer.ts';

type Outputs = Sink<WorkloadOutput>;

/** Load of a role at an instant. */
export interface RoleCounts {
  /** Waiting to be launched. */
  readonly tasksQueued: number;
  /** Launched, their end not known. */
  readonly tasksLive: number;
  /** Of those, seen running. */
  readonly tasksRunning: number;
  /** Jobs with a task waiting to be launched. */
  readonly jobsQueued: number;
}

/** What waits first in a role's queue. */
export interface HeadDemand {
  readonly job: string;
  readonly gang: boolean;
  /** Tasks of the job waiting to be launched. */
  readonly tasks: number;
  /** What the first of them needs, and where. */
  readonly resources: Resources;
  readonly constraints: readonly PlacementConstraint[];
}

/** The text of the ERROR that says that an id can never subscribe again (spec 03 §1). */
const REMOVED = 'Framework has been removed';

/**
 * A v1 scheduler that runs a trace's jobs, as a deterministic machine: jobs and events in, calls and outcomes out.
 *
 * A task's attempt is one task id. It ends exactly once, with the first of: a terminal status; TASK_UNKNOWN, when the master knows neither
 * the task nor its agent; being unreachable for `unreachableWait` (its state is then TASK_UNREACHABLE). What is heard of the id later
 * changes nothing; a task found alive under an ended id is killed. A failed attempt is followed by another one while `maxAttempts` allows. A
 * gang lives and dies as a whole: when one of its tasks fails, the others are killed, and when all have ended the gang is queued anew.
 * Tasks of a job that is no gang are independent: if one fails for good the others go on, and the job ends FAILED with the last of them.
 *
 * Lost messages: calls and events are lost only with their connection (it is first in, first out), so every subscription starts from what
 * it can be sure of. Held offers are void. SUBSCRIBE itself says which roles are suppressed, and demand counts as not stated. KILLs are
 * repeated. All live tasks are reconciled until each is answered (spec 03 §8): an ACCEPT that was lost shows as TASK_GONE or TASK_UNKNOWN,
 * and its tasks are launched again. Then one implicit reconciliation shows tasks that nobody here knows any more. Updates are
 * acknowledged even when they change nothing, or their streams would stand still (spec 07 §3).
 */
export class WorkloadFramework implements Machine<WorkloadInput, WorkloadOutput> {
  readonly #options: WorkloadOptions;
  readonly #rules: PlacementRules;
  readonly #refusal: Filters;
  readonly #refuseMicros: Micros;
  readonly #rng: Rng;
  readonly #calls: CallWriter;
  readonly #subscription: Subscription;
  readonly #reconciliation: ReconcileClock;
  readonly #watch: LaunchWatch;
  readonly #kills = new KillList();
  readonly #table = new TaskTable();
  readonly #timers = new BinaryHeap<Timer>(firesBefore);
  #timersSet = 0;
  readonly #roles = new Map<string, RoleState>();
  readonly #dirty: RoleState[] = [];
  /** Jobs from arrival to end, in the order of arrival. */
  readonly #jobs = new Set<LiveJob>();
  #jobsSeen = 0;
  /** Where each held offer is. */
  readonly #held = new Map<OfferId, Holding>();
  /** Offers to decline at the end of this step: with the usual filter, and without. */
  #declined: OfferId[] = [];
  #released: OfferId[] = [];
  /** Roles with tasks that found no place when they were last settled. */
  #rolesWaiting = 0;
  #now = 0 as Micros;

  constructor(options: WorkloadOptions) {
    assert(options.maxAttempts >= 1, 'a task has at least one attempt');
    this.#options = options;
    this.#rules = { lookAhead: options.backfillLookAhead, overtakesMax: options.backfillOvertakesMax };
    this.#refusal = { refuseSeconds: options.refuseSeconds };
    // A filter lasts for one allocation interval at least (spec 16 §8).
    this.#refuseMicros = micros(
      options.refuseSeconds > 0 ? Math.ceil(Math.max(options.refuseSeconds, 1) * MICROS_PER_SECOND) : 0,
    );
    this.#rng = Rng.forPurpose(options.seed, `hold/${options.info.name}`);
    this.#calls = new CallWriter(options.info);
    this.#subscription = new Subscription(options);
    this.#reconciliation = new ReconcileClock(options.reconcileWait, options.reconcileWaitMax);
    this.#watch = new LaunchWatch(options.launchWait);
    const order = options.order === 'fifo' ? fifoOrder : priorityOrder;
    for (const name of rolesOf(options.info)) {
      this.#roles.set(name, new RoleState(name, order, options.backfillLookAhead + 1));
    }
  }

  /** As the master gave it; null until the first SUBSCRIBED. */
  get frameworkId(): FrameworkId | null {
    return this.#subscription.frameworkId;
  }

  get isSubscribed(): boolean {
    return this.#subscription.isSubscribed;
  }

  get offersHeld(): number {
    return this.#held.size;
  }

  /** Whether every job that arrived has ended. */
  get isIdle(): boolean {
    return this.#jobs.size === 0;
  }

  step(now: Micros, input: WorkloadInput, outputs: Outputs): void {
    this.#now = now;
    switch (input.kind) {
      case 'connected':
        this.#connected(outputs);
        break;
      case 'disconnected':
        this.#subscription.disconnected();
        this.#offDuty();
        break;
      case 'event':
        if (this.#subscription.isOpen) this.#heard(input.event, outputs);
        break;
      case 'jobsArrived':
        for (const job of input.jobs) this.#arrived(job, outputs);
        break;
      case 'tick':
        this.#tick(outputs);
        break;
      default:
        assertNever(input);
    }
    this.#settle(outputs);
  }

  nextDeadline(): Micros | null {
    const timer = this.#timers.peek();
    const deadline = Math.min(
      timer === undefined ? Number.POSITIVE_INFINITY : timer.at,
      this.#subscription.deadline,
      this.#reconciliation.deadline,
      this.#watch.deadline,
    );
    return deadline === Number.POSITIVE_INFINITY ? null : micros(deadline);
  }

  /**
   * How long the program of a task runs, µs. Known from launch to end, and after that while the slot is unused; an older id, which only a
   * container started after its attempt was given up can have, ends at once.
   */
  runMicrosOf(taskId: TaskId): Micros {
    return micros(this.#table.runMicros(taskId) ?? 1);
  }

  /** O(1). Zeros for a role that the framework has not. */
  roleCounts(name: string): RoleCounts {
    const role = this.#roles.get(name);
    if (role === undefined) return { tasksQueued: 0, tasksLive: 0, tasksRunning: 0, jobsQueued: 0 };
    const { tasksQueued, tasksLive, tasksRunning, jobsQueued } = role;
    return { tasksQueued, tasksLive, tasksRunning, jobsQueued };
  }

  /** What the tasks of the role that wait to be launched need together, thousandths. O(1). */
  demandOf(name: string): KindAmounts {
    const role = this.#roles.get(name);
    if (role === undefined) return { cpus: 0, mem: 0, disk: 0, gpus: 0 };
    const { cpus, mem, disk, gpus } = role.queued;
    return { cpus, mem, disk, gpus };
  }

  /** The first task that waits in the role's queue; null when none does. */
  headDemand(name: string): HeadDemand | null {
    const head = this.#roles.get(name)?.queue.at(0);
    const group = head?.packing.find((one) => pendingOf(one) > 0);
    if (head === undefined || group === undefined) return null;
    const { job, pending } = head;
    const { resources, constraints } = group.shape;
    return { job: job.id, gang: job.gang, tasks: pending, resources, constraints };
  }

  /** Jobs that a run cut short at `now` leaves behind, in the order in which they came. */
  *unfinished(now: Micros): Iterable<JobOutcome> {
    assert(now >= this.#now, 'a run is cut short after its last step');
    for (const job of this.#jobs) yield outcomeOf(job, 'UNFINISHED', null);
  }

  /** Every count recomputed from the jobs and tasks; throws InvariantError on a difference. O(everything): for tests and the end of runs. */
  checkInvariants(): void {
    verifyBooks(this.#roles.values(), this.#jobs, this.#table, this.#held);
  }

  // Connection.

  #connected(outputs: Outputs): void {
    this.#offDuty();
    if (this.#subscription.connected(this.#now)) this.#subscribe(outputs);
  }

  #subscribe(outputs: Outputs): void {
    const { policy } = this.#options;
    const suppressed: string[] = [];
    for (const role of this.#roles.values()) {
      role.isSuppressed = policy === 'demand' || (policy === 'suppress' && role.queue.size === 0);
      if (role.isSuppressed) suppressed.push(role.name);
    }
    this.#calls.frameworkId = this.#subscription.frameworkId;
    this.#calls.subscribe(outputs, suppressed);
  }

  /** No connection, or one that ends: offers in hand are void, as the master has them back. */
  #offDuty(): void {
    this.#dropOffers();
    this.#reconciliation.stop();
  }

  #subscribed(event: SubscribedEvent, outputs: Outputs): void {
    const isRepeated = this.#subscription.isSubscribed;
    const subscription = this.#subscription;
    subscription.confirmed(this.#now, event.frameworkId, event.heartbeatIntervalSeconds);
    this.#calls.frameworkId = event.frameworkId;
    this.#dropOffers();
    for (const role of this.#roles.values()) {
      // A second SUBSCRIBED of one stream leaves open what the master holds of calls in between: all of it is said again.
      if (isRepeated) role.isSuppressed = null;
      role.filteredUntil = 0 as Micros;
      role.hasStated = false;
      this.#touch(role);
    }
    for (const id of this.#kills.ids()) this.#sendKill(id, this.#kills.get(id)!, outputs);
    this.#reconciliation.start(this.#now);
    this.#reconcile(outputs);
  }

  /** Asks for every live task not heard of in this subscription; once all are, for tasks that should not be. */
  #reconcile(outputs: Outputs): void {
    const unheard: TaskRun[] = [];
    for (const run of this.#table.values()) {
      if (run.heardIn !== this.#subscription.number) unheard.push(run);
    }
    if (unheard.length > 0) {
      this.#calls.reconcile(outputs, unheard);
      return;
    }
    this.#reconciliation.stop();
    if (this.#subscription.number > 1) this.#calls.reconcile(outputs, []);
  }

  #refused(message: string, outputs: Outputs): void {
    this.#offDuty();
    this.#subscription.refused(this.#now);
    if (!message.includes(REMOVED)) return;
    // Whatever ran was killed with the framework (spec 03 §7, TEARDOWN); the next subscription is that of a new one.
    this.#kills.clear();
    for (const run of this.#table.values()) {
      this.#endAttempt(run, 'TASK_KILLED', 'REASON_FRAMEWORK_REMOVED', outputs);
    }
    this.#kills.clear();
    this.#subscription.forgetId();
  }

  #heard(event: SchedulerEvent, outputs: Outputs): void {
    this.#subscription.heard(this.#now);
    if (event.type === 'SUBSCRIBED') this.#subscribed(event, outputs);
    else if (event.type === 'ERROR') this.#refused(event.message, outputs);
    else if (this.#subscription.isSubscribed) this.#notified(event, outputs);
  }

  #notified(event: Exclude<SchedulerEvent, { type: 'SUBSCRIBED' | 'ERROR' }>, outputs: Outputs): void {
    switch (event.type) {
      case 'OFFERS':
        this.#offered(event.offers);
        break;
      case 'RESCIND':
        this.#rescinded(event.offerId);
        break;
      case 'UPDATE':
        this.#updated(event.status, outputs);
        break;
      // Tasks end by themselves or with their agent, and every task's end comes as its own update: nothing to do for these.
      case 'INVERSE_OFFERS':
      case 'RESCIND_INVERSE_OFFER':
      case 'UPDATE_OPERATION_STATUS':
      case 'MESSAGE':
      case 'FAILURE':
      case 'HEARTBEAT':
        break;
      default:
        assertNever(event);
    }
  }

  // Offers.

  /**
   * Hot: an idle cluster is offered whole for one job. An offer for a role without queue costs one push; one that the head can use is
   * filled at once; only what neither fits nor is unwanted enters the pool to stay until the end of the step.
   */
  #offered(offers: readonly Offer[]): void {
    const { policy } = this.#options;
    const keeps = policy === 'keep';
    const counts = policy === 'demand';
    // A role that states demand rests when it has none, so declining needs no filter; one that is offered everything sets one.
    const unneeded = counts ? this.#released : this.#declined;
    const filteredUntil = micros(this.#now + this.#refuseMicros);
    let role: RoleState | undefined;
    let roleName: string | null = null;
    for (let index = 0; index < offers.length; index++) {
      const offer = offers[index]!;
      if (offer.role !== roleName) {
        roleName = offer.role;
        role = this.#roles.get(roleName);
      }
      if (role === undefined) {
        this.#declined.push(offer.id);
        continue;
      }
      if (counts) role.offeredSince.add(offer.resources, 1);
      if (!keeps && role.queue.size === 0) {
        unneeded.push(offer.id);
        role.filteredUntil = filteredUntil;
      } else if (!this.#held.has(offer.id)) {
        const holding = role.pool.add(offer);
        this.#held.set(offer.id, holding);
        this.#touch(role);
        placeOn(role, holding, this.#launchNext);
      }
    }
  }

  /** Obeyed before anything else is decided, so that no rescinded offer is used knowingly (bug ledger B44). */
  #rescinded(offerId: OfferId): void {
    const holding = this.#held.get(offerId);
    if (holding === undefined) return;
    this.#held.delete(offerId);
    const { pool } = holding.role;
    pool.withdraw(holding, holding.offers.find((offer) => offer.id === offerId)!);
    this.#touch(holding.role);
  }

  #dropOffers(): void {
    if (this.#held.size === 0) return;
    this.#held.clear();
    for (const role of this.#roles.values()) {
      role.pool.clear();
      role.holdJob = null;
    }
  }

  // Jobs and tasks.

  #arrived(job: Job, outputs: Outputs): void {
    const role = this.#roles.get(job.role);
    if (role === undefined) {
      outputs.push({ kind: 'jobEnded', outcome: refusedOutcome(job) });
      return;
    }
    const live = liveJob(job, role, this.#jobsSeen++);
    this.#jobs.add(live);
    if (live.tasks === 0) {
      this.#endJob(live, 'FINISHED', outputs);
      return;
    }
    for (const group of live.groups) countQueued(role, group, group.tasks.count);
    role.jobsQueued++;
    role.enqueue(live);
    this.#touch(role);
  }

  readonly #launchNext: LaunchNext = (job, group, holding) => {
    const { role } = job;
    const run = this.#table.acquire(job, group);
    const isRetry = group.retryIndexes.length > 0;
    const index = isRetry ? group.retryIndexes.pop()! : group.next++;
    run.index = group.first + index;
    run.attempt = isRetry ? group.retryAttempts.pop()! : job.attempt;
    run.agentId = holding.agentId;
    run.launched = this.#now;
    run.running = -1;
    run.runMicros = durationOf(group, index);
    run.heardIn = this.#subscription.number;
    run.silent = true;
    run.unreachableSince = -1;
    run.reason = null;
    holding.taskInfos.push({
      taskId: run.id,
      agentId: holding.agentId,
      resources: group.shape.resources,
      template: job.template,
    });
    if (holding.taskInfos.length === 1) role.touched.push(holding);
    if (job.job.gang) job.runs[run.index] = run;
    if (run.attempt > 1) job.retries++;
    job.pending--;
    job.live++;
    if (job.pending === 0) role.jobsQueued--;
    role.tasksLive++;
    role.hasProgressed = true;
    countQueued(role, group, -1);
    this.#watch.launched(this.#now, run.id);
  };

  #updated(status: TaskStatus, outputs: Outputs): void {
    this.#calls.acknowledge(outputs, status);
    const run = this.#table.find(status.taskId);
    if (run === null) {
      this.#strayed(status, outputs);
      return;
    }
    run.heardIn = this.#subscription.number;
    run.silent = false;
    run.reason = status.reason;
    const { state } = status;
    if (state === 'TASK_UNKNOWN' || isTerminal(state)) {
      this.#endAttempt(run, state, status.reason, outputs);
    } else if (state === 'TASK_UNREACHABLE') {
      if (run.unreachableSince < 0) {
        run.unreachableSince = this.#now;
        const at = this.#now + this.#options.unreachableWait;
        this.#setTimer(at, { kind: 'unreachable', id: run.id, since: this.#now });
      }
    } else {
      run.unreachableSince = -1;
      if (state === 'TASK_RUNNING' && run.running < 0) this.#started(run);
    }
  }

  #started(run: TaskRun): void {
    const job = run.job!;
    run.running = this.#now;
    job.role.tasksRunning++;
    job.firstRunning ??= this.#now;
  }

  /** An update of an attempt that has ended here: what is alive is killed, what is gone needs no more KILLs. */
  #strayed(status: TaskStatus, outputs: Outputs): void {
    switch (status.state) {
      case 'TASK_STAGING':
      case 'TASK_STARTING':
      case 'TASK_RUNNING':
        this.#killStray(status, outputs);
        break;
      case 'TASK_KILLING':
        break;
      default:
        this.#kills.delete(status.taskId);
    }
  }

  /** It may have come back just now, long after the last KILL; a KILL on its way is given the time to take effect. */
  #killStray(status: TaskStatus, outputs: Outputs): void {
    const { taskId, agentId } = status;
    const entry = this.#kills.get(taskId);
    if (entry === undefined) {
      if (agentId !== null) this.#kill(taskId, agentId, outputs);
    } else if (this.#now >= entry.sentAt + this.#options.killWait) {
      this.#sendKill(taskId, entry, outputs);
    }
  }

  /** The only end of an attempt. */
  #endAttempt(run: TaskRun, state: TaskState, reason: StatusReason | null, outputs: Outputs): void {
    const job = run.job!;
    const group = run.group!;
    const { role } = job;
    const { shape } = group;
    const { index, attempt } = run;
    outputs.push({
      kind: 'attemptEnded',
      attempt: {
        frameworkId: this.#subscription.frameworkId!,
        taskId: run.id,
        job: job.job.id,
        index,
        attempt,
        role: role.name,
        agentId: run.agentId,
        cpus: shape.resources.cpus,
        mem: shape.resources.mem,
        gpus: shape.resources.gpus,
        arrival: job.job.arrival,
        launched: run.launched,
        running: run.running < 0 ? null : micros(run.running),
        ended: this.#now,
        state,
        reason,
      },
    });
    role.tasksLive--;
    if (run.running >= 0) role.tasksRunning--;
    job.live--;
    this.#kills.delete(run.id);
    this.#table.release(run);
    if (job.job.gang) this.#gangTaskEnded(job, index, state, outputs);
    else this.#taskEnded(job, group, index, attempt, state, outputs);
  }

  #taskEnded(
    job: LiveJob,
    group: LiveGroup,
    index: number,
    attempt: number,
    state: TaskState,
    outputs: Outputs,
  ): void {
    if (state !== 'TASK_FINISHED') {
      if (this.#mayRetry(state, attempt)) {
        group.retryIndexes.push(index - group.first);
        group.retryAttempts.push(attempt + 1);
        this.#waitAgain(job, group, 1);
      } else {
        job.failed = true;
      }
    }
    if (job.live === 0 && job.pending === 0) this.#endJob(job, job.failed ? 'FAILED' : 'FINISHED', outputs);
  }

  #gangTaskEnded(job: LiveJob, index: number, state: TaskState, outputs: Outputs): void {
    job.runs[index] = null;
    if (state !== 'TASK_FINISHED') {
      if (state === 'TASK_ERROR') job.failed = true;
      if (!job.breaking) {
        job.breaking = true;
        if (!this.#mayRetry(state, job.attempt)) job.failed = true;
        for (const run of job.runs) if (run !== null) this.#kill(run.id, run.agentId, outputs);
      }
    }
    if (job.live > 0) return;
    if (!job.breaking || job.failed) {
      this.#endJob(job, job.failed ? 'FAILED' : 'FINISHED', outputs);
      return;
    }
    job.breaking = false;
    job.attempt++;
    for (const group of job.groups) {
      group.next = 0;
      this.#waitAgain(job, group, group.tasks.count);
    }
  }

  /** A description that was refused stays refused. */
  #mayRetry(state: TaskState, attempt: number): boolean {
    return state !== 'TASK_ERROR' && attempt < this.#options.maxAttempts;
  }

  /** Tasks of a job that once was launched wait for launch again, in the job's old place in the queue. */
  #waitAgain(job: LiveJob, group: LiveGroup, count: number): void {
    const { role } = job;
    if (job.pending === 0) role.jobsQueued++;
    job.pending += count;
    countQueued(role, group, count);
    role.hasGrown = true;
    if (job.place === 'none') role.enqueue(job);
    this.#touch(role);
  }

  #endJob(job: LiveJob, state: JobState, outputs: Outputs): void {
    this.#jobs.delete(job);
    outputs.push({ kind: 'jobEnded', outcome: outcomeOf(job, state, this.#now) });
  }

  // Kills.

  #kill(id: TaskId, agentId: AgentId, outputs: Outputs): void {
    if (!this.#kills.add(id, agentId)) return;
    const entry = this.#kills.get(id)!;
    if (this.#subscription.isSubscribed) this.#sendKill(id, entry, outputs);
    this.#setTimer(this.#now + KillList.waitAfter(entry, this.#options.killWait), {
      kind: 'kill',
      id,
      entry,
    });
  }

  #sendKill(id: TaskId, entry: KillEntry, outputs: Outputs): void {
    entry.sent++;
    entry.sentAt = this.#now;
    this.#calls.kill(outputs, id, entry.agentId);
  }

  // Time.

  #tick(outputs: Outputs): void {
    const now = this.#now;
    const step = this.#subscription.tick(now);
    if (step === 'subscribe') {
      this.#subscribe(outputs);
    } else if (step === 'reconnect') {
      this.#offDuty();
      outputs.push({ kind: 'reconnect' });
    }
    if (now >= this.#reconciliation.deadline) {
      this.#reconciliation.again(now);
      this.#reconcile(outputs);
    }
    const silent = this.#watch.due(now, this.#table);
    if (silent.length > 0 && this.#subscription.isSubscribed) this.#calls.reconcile(outputs, silent);
    for (
      let timer = this.#timers.peek();
      timer !== undefined && timer.at <= now;
      timer = this.#timers.peek()
    ) {
      this.#timers.pop();
      this.#fire(timer, outputs);
    }
  }

  #setTimer(at: number, subject: TimerSubject): void {
    this.#timers.push({ at, order: this.#timersSet++, subject });
  }

  #fire(timer: Timer, outputs: Outputs): void {
    const { subject } = timer;
    switch (subject.kind) {
      case 'hold': {
        const { role } = subject;
        if (timer.at !== role.holdTimerAt) break;
        role.holdTimerAt = Number.POSITIVE_INFINITY;
        if (role.holdJob === null) break;
        if (this.#now < role.holdUntil) this.#armHold(role);
        // Another head that this very tick brought has its hold begun at the end of the step.
        else if (role.queue.at(0) === role.holdJob) this.#giveUp(role, outputs);
        break;
      }
      case 'request': {
        const { role } = subject;
        if (timer.at !== role.requestTimerAt) break;
        role.requestTimerAt = Number.POSITIVE_INFINITY;
        this.#touch(role);
        break;
      }
      case 'return':
        subject.job.role.bringBack(subject.job);
        this.#touch(subject.job.role);
        break;
      case 'unreachable': {
        const run = this.#table.find(subject.id);
        if (run === null || run.unreachableSince !== subject.since) break;
        const { agentId } = run;
        this.#endAttempt(run, 'TASK_UNREACHABLE', run.reason, outputs);
        this.#kill(subject.id, agentId, outputs);
        break;
      }
      case 'kill': {
        const { id, entry } = subject;
        if (this.#kills.get(id) !== entry) break;
        if (this.#subscription.isSubscribed) this.#sendKill(id, entry, outputs);
        this.#setTimer(this.#now + KillList.waitAfter(entry, this.#options.killWait), subject);
        break;
      }
      default:
        assertNever(subject);
    }
  }

  // End of a step.

  #touch(role: RoleState): void {
    if (role.isDirty) return;
    role.isDirty = true;
    this.#dirty.push(role);
  }

  /**
   * Places, launches, declines, and tells the master what each role whose queue or offers changed wants now. Without a subscription nothing
   * can be done; the next one settles every role.
   */
  #settle(outputs: Outputs): void {
    const dirty = this.#dirty;
    const isSubscribed = this.#subscription.isSubscribed;
    const revived: string[] = [];
    const suppressed: string[] = [];
    const demands: StatedDemand[] = [];
    for (let index = 0; index < dirty.length; index++) {
      const role = dirty[index]!;
      role.isDirty = false;
      if (!isSubscribed) continue;
      this.#launch(role, outputs);
      this.#holdOrDecline(role);
      if (role.isWaiting !== role.queue.size > 0) {
        role.isWaiting = !role.isWaiting;
        this.#rolesWaiting += role.isWaiting ? 1 : -1;
      }
      if (this.#options.policy === 'suppress') this.#turnOffers(role, revived, suppressed);
      if (this.#options.policy === 'demand') this.#state(role, demands);
    }
    if (dirty.length > 0) {
      dirty.length = 0;
      if (this.#options.policy === 'keep') this.#releaseIdle();
    }
    if (this.#declined.length > 0) {
      this.#calls.decline(outputs, this.#declined, this.#refusal);
      this.#declined = [];
    }
    if (this.#released.length > 0) {
      this.#calls.decline(outputs, this.#released, NO_FILTER);
      this.#released = [];
    }
    if (suppressed.length > 0) this.#calls.suppress(outputs, suppressed);
    if (revived.length > 0) this.#calls.revive(outputs, revived);
    if (demands.length > 0) this.#calls.request(outputs, demands);
  }

  /** Places what can be placed, then accepts: one ACCEPT per agent with all its offers. The rest of an accepted offer goes back with it. */
  #launch(role: RoleState, outputs: Outputs): void {
    place(role, this.#rules, this.#launchNext);
    const { touched, pool } = role;
    if (touched.length === 0) return;
    const filters = this.#leavesRest(role) ? this.#refusal : NO_FILTER;
    if (filters !== NO_FILTER) role.filteredUntil = micros(this.#now + this.#refuseMicros);
    for (const holding of touched) {
      this.#calls.accept(outputs, holding, filters);
      for (const offer of holding.offers) this.#held.delete(offer.id);
      pool.remove(holding);
    }
    touched.length = 0;
  }

  /** Whether what is left of an accepted offer was found useless, so that others should have it first. */
  #leavesRest(role: RoleState): boolean {
    switch (this.#options.policy) {
      case 'keep':
        return false;
      case 'decline':
        return true;
      default:
        return role.queue.size > 0;
    }
  }

  /** Offers left after placement: kept, hoarded for a gang at the head, or declined. */
  #holdOrDecline(role: RoleState): void {
    const head = role.queue.at(0);
    let holds = role.pool.size > 0 && head !== undefined;
    if (this.#options.policy !== 'keep' && role.pool.size > 0) {
      const unneeded: OfferId[] = [];
      if (head?.job.gang === true) releaseUseless(role, head, unneeded);
      else holds = this.#takeAll(role, unneeded);
      if (unneeded.length > 0) this.#decline(role, unneeded);
    }
    if (updateHold(this.#now, role, holds && role.pool.size > 0, this.#options.gangHold, this.#rng)) {
      this.#armHold(role);
    }
  }

  /** Empties the pool into `ids`; false, for nothing is held then. */
  #takeAll(role: RoleState, ids: OfferId[]): false {
    const { pool } = role;
    for (let position = 0; position < pool.size; position++) {
      for (const offer of pool.at(position).offers) ids.push(offer.id);
    }
    pool.clear();
    return false;
  }

  #decline(role: RoleState, ids: readonly OfferId[]): void {
    const isFiltered = this.#options.policy !== 'demand' || role.queue.size > 0;
    const list = isFiltered ? this.#declined : this.#released;
    for (const id of ids) {
      this.#held.delete(id);
      list.push(id);
    }
    if (isFiltered) role.filteredUntil = micros(this.#now + this.#refuseMicros);
  }

  #armHold(role: RoleState): void {
    if (role.holdTimerAt <= role.holdUntil) return;
    role.holdTimerAt = role.holdUntil;
    this.#setTimer(role.holdUntil, { kind: 'hold', role });
  }

  /**
   * Policy `keep`: while a role of this framework waits for offers, what roles without a queue hold idly is declined with a filter, so that
   * it comes to the one that waits.
   */
  #releaseIdle(): void {
    if (this.#rolesWaiting === 0 || this.#held.size === 0) return;
    for (const role of this.#roles.values()) {
      if (role.queue.size > 0 || role.pool.size === 0) continue;
      const ids: OfferId[] = [];
      this.#takeAll(role, ids);
      this.#decline(role, ids);
    }
  }

  /**
   * A hold in vain: the gang steps aside for a back-off, jobs behind it may use what was held, and the rest is declined for as long, so that
   * others get it. A head that is no gang (policy `keep`) stays in its place: whatever becomes free meanwhile may still start its tasks.
   */
  #giveUp(role: RoleState, outputs: Outputs): void {
    const head = role.holdJob!;
    const wait = backOff(role, this.#rng);
    head.vainHolds++;
    role.holdJob = null;
    if (head.job.gang) {
      const until = micros(this.#now + wait);
      role.setAside(0, until);
      this.#setTimer(until, { kind: 'return', job: head });
      this.#launch(role, outputs);
    }
    const ids: OfferId[] = [];
    this.#takeAll(role, ids);
    this.#declineFor(wait, ids, outputs);
    role.filteredUntil = micros(this.#now + wait);
    this.#touch(role);
  }

  /** Declines with a filter that lasts for `wait` µs at least. */
  #declineFor(wait: number, ids: readonly OfferId[], outputs: Outputs): void {
    for (const id of ids) this.#held.delete(id);
    const refuseSeconds = Math.max(microsToSeconds(micros(wait)), this.#options.refuseSeconds);
    if (ids.length > 0) this.#calls.decline(outputs, ids, { refuseSeconds });
  }

  /**
   * SUPPRESS and REVIVE. Safe against loss: both are lost only with their connection, and SUBSCRIBE says the same anew. Safe against
   * crossing: offers made before a SUPPRESS arrived are declined when they come; a REVIVE after it, on the same connection, is not overtaken.
   */
  #turnOffers(role: RoleState, revived: string[], suppressed: string[]): void {
    const isWanted = role.queue.size > 0;
    if (!isWanted) {
      if (role.isSuppressed !== true) suppressed.push(role.name);
      role.isSuppressed = true;
    } else if (role.isSuppressed !== false || (role.hasNewFront && this.#now < role.filteredUntil)) {
      // A job new at the front may have use for what was declined for others: REVIVE clears the filters.
      revived.push(role.name);
      role.isSuppressed = false;
      role.filteredUntil = 0 as Micros;
    }
    role.hasNewFront = false;
  }

  #state(role: RoleState, demands: StatedDemand[]): void {
    const demand = demandToState(this.#now, role, this.#options.requestWait);
    if (demand !== null) demands.push(demand);
    if (role.queue.size === 0 || role.requestTimerAt <= role.requestAt) return;
    role.requestTimerAt = role.requestAt;
    this.#setTimer(role.requestAt, { kind: 'request', role });
  }
}

/** Counts `count` more tasks of a group as waiting, or fewer. */
function countQueued(role: RoleState, group: LiveGroup, count: number): void {
  role.tasksQueued += count;
  role.queued.add(group.shape, count);
  role.wanted.add(group.shape, count);
}
