import { assert, err, type Micros, micros, ok, type Result } from '../../../engine/core/index.ts';
import type { AllocationExplanation, ExplainError, Framework } from '../../../engine/master/index.ts';
import type { Quantities } from '../../../engine/resources/index.ts';
import type { Job, JobOutcome } from '../../../engine/workload/index.ts';
import { type AttemptEnded, type HeadDemand, refusedOutcome } from '../../../frameworks/workload/index.ts';
import * as events from '../agenda/index.ts';
import { checkMachines, checkSettled, checkWorld, TaskLedger } from '../invariants/index.ts';
import { Placeability } from '../placement/index.ts';
import { sampleCluster, type TaskCounts } from '../samples/index.ts';
import { Cluster, type OtherEvents } from './cluster.ts';
import { FrameworkFleet, type WorkListener } from './framework-fleet.ts';
import type { OfferCounts } from './master-ensemble.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { WorkloadFeed } from './workload-feed.ts';
import type { World } from './world.ts';

/** What a run has counted so far. */
export interface RunCounters {
  readonly events: number;
  readonly jobsFed: number;
  readonly jobsFinished: number;
  readonly jobsFailed: number;
  readonly jobsRefused: number;
  readonly tasksFinished: number;
  /** Attempts that ended otherwise. */
  readonly tasksFailed: number;
  readonly faults: number;
  readonly masterSteps: number;
  readonly allocationRuns: number;
  readonly callsRefused: number;
  readonly offers: OfferCounts;
}

/** A framework's view and the allocator's at one instant. */
export interface SimulationExplanation {
  readonly framework: string;
  /** First in the framework's queue, null if nothing waits. */
  readonly head: HeadDemand | null;
  readonly tasksQueued: number;
  /** Offers that it has in hand. */
  readonly offersHeld: number;
  readonly why: AllocationExplanation;
  readonly nameOf: (framework: Framework) => string;
}

export type SimulationExplainError =
  | ExplainError
  | { readonly code: 'ROLE_UNKNOWN'; readonly roles: readonly string[] }
  | { readonly code: 'NO_SUCH_FRAMEWORK'; readonly frameworks: number }
  | { readonly code: 'NEVER_SUBSCRIBED' };

/** In `every-step` mode all books are compared with each other once in so many events. */
const WORLD_CHECK_EVERY = 64;

/**
 * A run of the real master, agents and frameworks in virtual time. What happens is a function of the options and of the jobs fed,
 * whatever the size of the pieces in which it is run.
 */
export class Simulation implements WorkListener, OtherEvents {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #cluster: Cluster<FrameworkFleet>;
  readonly #frameworks: FrameworkFleet;
  readonly #placeability: Placeability;
  readonly #feed = new WorkloadFeed();
  readonly #ledger: TaskLedger | null;
  readonly #counts: TaskCounts = { tasksFinished: 0, tasksFailed: 0 };
  #jobsFed = 0;
  #jobsLive = 0;
  #jobsFinished = 0;
  #jobsFailed = 0;
  #jobsRefused = 0;
  #workloadEnded = false;
  #finished = false;
  /** Instant of the last sample; the last one of a run may fall on it. */
  #sampledAt: Micros | null = null;
  /** Arrival for which JOBS_ARRIVE is on the agenda. */
  #arrivalArmed = Infinity;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#ledger = options.checkInvariants === 'never' ? null : new TaskLedger();
    this.#placeability = new Placeability(options.machines, options.quotas);
    this.#cluster = new Cluster(
      options,
      (world, masters) => new FrameworkFleet(world, this, this.#ledger, masters),
      this,
    );
    const { world } = this.#cluster;
    this.#world = world;
    this.#frameworks = this.#cluster.schedulers;
    for (const { role, weight } of options.frameworks.roles) {
      this.#frameworks.ensureRole(micros(0), role, weight);
    }
    if (options.sampleInterval !== null) world.agenda.push(options.sampleInterval, events.SAMPLE, 0, 0, null);
  }

  // The workload.

  /** Adds jobs in the order of arrival, none of them in the past. A job that could never run is refused at once. */
  feed(jobs: Iterable<Job>): void {
    for (const job of jobs) {
      assert(!this.#workloadEnded, 'no jobs come after the end of the workload');
      this.#jobsFed++;
      if (this.#placeability.accepts(job)) {
        this.#feed.add(this.#world.now, job);
        this.#jobsLive++;
      } else {
        this.#jobsRefused++;
        this.#options.observer?.jobEnded(refusedOutcome(job));
      }
    }
    this.#armArrival();
  }

  /** No more jobs will be fed: the run is over when the last one has ended. */
  endOfWorkload(): void {
    this.#workloadEnded = true;
  }

  // Time.

  /**
   * Lets everything up to `instant` happen, or at most `maxEvents` events.
   *
   * @returns `finished` when the workload has ended and all its jobs have, or when nothing can happen to them any more
   */
  runUntil(instant: Micros, maxEvents: number = Infinity): 'running' | 'finished' {
    const { agenda } = this.#world;
    const end = this.#cluster.events + maxEvents;
    while (!this.#isOver()) {
      if (agenda.nextTime > instant) {
        if (instant > this.#world.now) this.#world.now = instant;
        return 'running';
      }
      if (this.#cluster.events >= end) return 'running';
      this.#next();
    }
    return 'finished';
  }

  /** Lets everything within the next `duration` happen although the run may be over, so that the dust settles. */
  settle(duration: Micros): void {
    const until = micros(this.#world.now + duration);
    while (this.#world.agenda.nextTime <= until) this.#next();
    this.#world.now = until;
  }

  now(): Micros {
    return this.#world.now;
  }

  /** Events that have happened. */
  events(): number {
    return this.#cluster.events;
  }

  /** Hash over every output so far, with its instant and its author. */
  hash(): string {
    return this.#world.hash.digest();
  }

  get counters(): RunCounters {
    return {
      events: this.#cluster.events,
      jobsFed: this.#jobsFed,
      jobsFinished: this.#jobsFinished,
      jobsFailed: this.#jobsFailed,
      jobsRefused: this.#jobsRefused,
      ...this.#counts,
      faults: this.#cluster.faults.struckCount,
      masterSteps: this.#cluster.masters.steps,
      allocationRuns: this.#cluster.masters.allocationRuns,
      callsRefused: this.#cluster.masters.callsRefused,
      offers: this.#cluster.masters.offers,
    };
  }

  /** Jobs fed that have not ended, those to come included. */
  get jobsLive(): number {
    return this.#jobsLive;
  }

  /**
   * Why the role's frameworks get the offers that they get at this instant. A query: nothing changes.
   *
   * @param index which of the role's frameworks, from 0
   * @param demand what one agent must have free; null: what the first task in the framework's queue needs, anything if none waits
   */
  explain(
    role: string,
    index: number,
    demand: Quantities | null,
  ): Result<SimulationExplanation, SimulationExplainError> {
    const fleet = this.#frameworks.roles.find((one) => one.role === role);
    if (fleet === undefined) {
      return err({ code: 'ROLE_UNKNOWN', roles: this.#frameworks.roles.map((one) => one.role) });
    }
    const number = fleet.frameworks[index];
    if (number === undefined) {
      return err({ code: 'NO_SUCH_FRAMEWORK', frameworks: fleet.frameworks.length });
    }
    const framework = this.#frameworks.framework(number);
    const { frameworkId } = framework;
    const { machine } = this.#cluster.masters;
    if (machine === null) return err({ code: 'NOT_LEADING' });
    if (frameworkId === null) return err({ code: 'NEVER_SUBSCRIBED' });
    const head = framework.headDemand(role);
    const wanted = demand ?? head?.resources.quantities() ?? null;
    const why = machine.explain(this.#world.now, frameworkId, role, wanted);
    if (!why.ok) return why;
    return ok({
      framework: this.#frameworks.nameOf(number),
      head,
      tasksQueued: framework.roleCounts(role).tasksQueued,
      offersHeld: framework.offersHeld,
      why: why.value,
      nameOf: (row) => machine.state.frameworks.get(row)?.info.name ?? `#${row}`,
    });
  }

  /** Ends the run here: checks what must hold, takes a last sample, and tells the observer of the jobs that did not end. */
  finish(): void {
    assert(!this.#finished, 'a run is finished once');
    this.#finished = true;
    if (this.#options.checkInvariants !== 'never') this.checkInvariants();
    if (this.#options.sampleInterval !== null) this.#sample();
    const { observer } = this.#options;
    if (observer === null) return;
    for (let number = 0; number < this.#frameworks.count; number++) {
      for (const outcome of this.#frameworks.framework(number).unfinished(this.#world.now))
        observer.jobEnded(outcome);
    }
    for (let job = this.#feed.take(LAST); job !== null; job = this.#feed.take(LAST)) {
      observer.jobEnded({ ...refusedOutcome(job), state: 'UNFINISHED' });
    }
  }

  // Checks.

  /** Throws InvariantError if any machine's books, or two machines' books, contradict each other. O(everything). */
  checkInvariants(): void {
    checkMachines(this.#cluster.masters, this.#cluster.agents, this.#frameworks);
    checkWorld(this.#cluster.masters, this.#cluster.agents, this.#frameworks, this.#ledger);
  }

  /**
   * Throws InvariantError unless a run whose jobs have all ended has come to rest: every agent registered, nothing allocated, no task or
   * container anywhere. Holds some time after the last fault was over (`settle`).
   */
  checkSettled(): void {
    this.checkInvariants();
    checkSettled(this.#cluster.masters, this.#cluster.agents, this.#frameworks);
  }

  // What machines tell.

  jobEnded(outcome: JobOutcome): void {
    this.#jobsLive--;
    if (outcome.state === 'FINISHED') this.#jobsFinished++;
    else this.#jobsFailed++;
    this.#options.observer?.jobEnded(outcome);
  }

  attemptEnded(attempt: AttemptEnded): void {
    if (attempt.state === 'TASK_FINISHED') this.#counts.tasksFinished++;
    else this.#counts.tasksFailed++;
    const { observer } = this.#options;
    if (observer === null) return;
    const { job, index, role, cpus, mem, gpus, arrival, launched, running, ended, state, reason } = attempt;
    const machine = this.#cluster.directory.machineOf(attempt.agentId);
    observer.taskEnded({
      job,
      index,
      attempt: attempt.attempt,
      role,
      machine,
      cpus,
      mem,
      gpus,
      arrival,
      launched,
      running,
      ended,
      state,
      reason,
    });
  }

  // The loop.

  #isOver(): boolean {
    if (this.#workloadEnded && this.#jobsLive === 0) return true;
    return this.#world.now - this.#world.lastProgress > this.#options.stallTimeout && this.#isStuck();
  }

  /** Nothing runs, arrives or comes back: jobs that wait would wait for ever. */
  #isStuck(): boolean {
    return (
      this.#workloadEnded &&
      this.#feed.isEmpty &&
      this.#cluster.agents.containers.table.count === 0 &&
      !this.#cluster.faults.isCureUnderWay
    );
  }

  #next(): void {
    if (this.#cluster.advanceOne() && this.#options.checkInvariants === 'every-step') this.#check();
  }

  /** JOBS_ARRIVE, SAMPLE. */
  happened(now: Micros, kind: number): void {
    if (kind === events.JOBS_ARRIVE) {
      this.#jobsArrive(now);
    } else {
      this.#sample();
      this.#world.agenda.push(now + this.#options.sampleInterval!, events.SAMPLE, 0, 0, null);
    }
  }

  /** Jobs that have arrived go to their frameworks, in order; those of one framework that come together go together. */
  #jobsArrive(now: Micros): void {
    const batches = new Map<number, Job[]>();
    for (let job = this.#feed.take(now); job !== null; job = this.#feed.take(now)) {
      const fleet = this.#frameworks.ensureRole(now, job.role, 1);
      const number = fleet.frameworks[fleet.next]!;
      fleet.next = (fleet.next + 1) % fleet.frameworks.length;
      const batch = batches.get(number);
      if (batch === undefined) batches.set(number, [job]);
      else batch.push(job);
    }
    this.#world.lastProgress = now;
    for (const [number, jobs] of batches) this.#frameworks.jobsArrived(now, number, jobs);
    this.#arrivalArmed = Infinity;
    this.#armArrival();
  }

  #armArrival(): void {
    const { nextArrival } = this.#feed;
    if (nextArrival >= this.#arrivalArmed) return;
    this.#arrivalArmed = nextArrival;
    this.#world.agenda.push(nextArrival, events.JOBS_ARRIVE, 0, 0, null);
  }

  #sample(): void {
    const { observer } = this.#options;
    if (observer === null || this.#sampledAt === this.#world.now) return;
    this.#sampledAt = this.#world.now;
    observer.sampled(sampleCluster(this.#world.now, this.#cluster.masters, this.#frameworks, this.#counts));
  }

  #check(): void {
    checkMachines(this.#cluster.masters, this.#cluster.agents, this.#frameworks);
    if (this.#cluster.events % WORLD_CHECK_EVERY === 0) {
      checkWorld(this.#cluster.masters, this.#cluster.agents, this.#frameworks, this.#ledger);
    }
  }
}

const LAST = micros(Number.MAX_SAFE_INTEGER);
