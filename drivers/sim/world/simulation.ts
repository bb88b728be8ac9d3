import {
  assert,
  assertNever,
  err,
  type Micros,
  micros,
  ok,
  type Result,
} from '../../../engine/core/index.ts';
import type { AllocationExplanation, ExplainError, Framework } from '../../../engine/master/index.ts';
import type {
  AgentToMaster,
  MasterToAgent,
  SchedulerCall,
  SchedulerEvent,
} from '../../../engine/protocol/index.ts';
import type { Quantities } from '../../../engine/resources/index.ts';
import type { Job, JobOutcome } from '../../../engine/workload/index.ts';
import { type AttemptEnded, type HeadDemand, refusedOutcome } from '../../../frameworks/workload/index.ts';
import * as events from '../agenda/index.ts';
import { checkMachines, checkSettled, checkWorld, TaskLedger } from '../invariants/index.ts';
import { Placeability } from '../placement/index.ts';
import { sampleCluster, type TaskCounts } from '../samples/index.ts';
import { AgentFleet } from './agent-fleet.ts';
import { FaultDirector } from './fault-director.ts';
import { FrameworkFleet, type WorkListener } from './framework-fleet.ts';
import { MachineDirectory } from './machine-directory.ts';
import { MasterHost, type OfferCounts } from './master-host.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { WorkloadFeed } from './workload-feed.ts';
import { World } from './world.ts';

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
export class Simulation implements WorkListener {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #agents: AgentFleet;
  readonly #frameworks: FrameworkFleet;
  readonly #master: MasterHost;
  readonly #faults: FaultDirector;
  readonly #directory: MachineDirectory;
  readonly #placeability: Placeability;
  readonly #feed = new WorkloadFeed();
  readonly #ledger: TaskLedger | null;
  readonly #counts: TaskCounts = { tasksFinished: 0, tasksFailed: 0 };
  #events = 0;
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
    this.#directory = new MachineDirectory(options.machines);
    this.#placeability = new Placeability(options.machines, options.quotas);
    const isReachable = (): boolean => this.#master.isReachable;
    const world = new World(options, { struck: (mischief, party) => this.#faults.struck(mischief, party) });
    this.#world = world;
    this.#frameworks = new FrameworkFleet(world, this, this.#ledger, isReachable);
    this.#agents = new AgentFleet(world, (id, task) => this.#frameworks.runMicrosOf(id, task), isReachable);
    this.#master = new MasterHost(world, this.#directory, this.#agents);
    this.#faults = new FaultDirector(world, this.#master, this.#agents, this.#frameworks);
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
    const end = this.#events + maxEvents;
    while (!this.#isOver()) {
      if (agenda.nextTime > instant) {
        if (instant > this.#world.now) this.#world.now = instant;
        return 'running';
      }
      if (this.#events >= end) return 'running';
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
    return this.#events;
  }

  /** Hash over every output so far, with its instant and its author. */
  hash(): string {
    return this.#world.hash.digest();
  }

  get counters(): RunCounters {
    return {
      events: this.#events,
      jobsFed: this.#jobsFed,
      jobsFinished: this.#jobsFinished,
      jobsFailed: this.#jobsFailed,
      jobsRefused: this.#jobsRefused,
      ...this.#counts,
      faults: this.#faults.struckCount,
      masterSteps: this.#master.steps,
      allocationRuns: this.#master.allocationRuns,
      callsRefused: this.#master.callsRefused,
      offers: this.#master.offers,
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
    const { machine } = this.#master;
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
    checkMachines(this.#master, this.#agents, this.#frameworks);
    checkWorld(this.#master, this.#agents, this.#frameworks, this.#ledger);
  }

  /**
   * Throws InvariantError unless a run whose jobs have all ended has come to rest: every agent registered, nothing allocated, no task or
   * container anywhere. Holds some time after the last fault was over (`settle`).
   */
  checkSettled(): void {
    this.checkInvariants();
    checkSettled(this.#master, this.#agents, this.#frameworks);
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
    const machine = this.#directory.machineOf(attempt.agentId);
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
      this.#agents.containers.table.count === 0 &&
      !this.#faults.isCureUnderWay
    );
  }

  #next(): void {
    const { agenda } = this.#world;
    if (!agenda.pop()) return;
    this.#events++;
    const now = micros(agenda.time);
    this.#world.now = now;
    this.#happen(now, agenda.kind, agenda.target, agenda.detail);
    if (this.#options.checkInvariants === 'every-step') this.#check();
  }

  #happen(now: Micros, kind: number, target: number, detail: number): void {
    const { agenda, network } = this.#world;
    switch (kind) {
      case events.MESSAGE_AT_MASTER: {
        if (!network.arrivesAtMaster(target)) break;
        const isAgent = network.partyOf(target) < this.#agents.count;
        if (isAgent) this.#master.agentMessage(now, target, agenda.payload as AgentToMaster);
        else this.#master.schedulerCalled(now, target, agenda.payload as SchedulerCall);
        break;
      }
      case events.MESSAGE_AT_PARTY: {
        const isAgent = network.partyOf(target) < this.#agents.count;
        if (isAgent) this.#agents.messageArrived(now, target, agenda.payload as MasterToAgent);
        else this.#frameworks.eventArrived(now, target, agenda.payload as SchedulerEvent);
        break;
      }
      case events.CLOSED_AT_MASTER:
      case events.TIMEOUT_AT_MASTER:
        if (!network.endsAtMaster(now, target, kind === events.TIMEOUT_AT_MASTER)) break;
        if (network.partyOf(target) < this.#agents.count) this.#master.linkClosed(now, target);
        else this.#master.streamClosed(now, target);
        break;
      case events.CLOSED_AT_PARTY:
      case events.TIMEOUT_AT_PARTY: {
        const isTimeout = kind === events.TIMEOUT_AT_PARTY;
        const isAgent = network.partyOf(target) < this.#agents.count;
        if (isAgent) this.#agents.connectionEnds(now, target, isTimeout);
        else this.#frameworks.connectionEnds(now, target, isTimeout);
        break;
      }
      case events.CONNECT:
        if (target < this.#agents.count) this.#agents.connect(now, target, detail);
        else this.#frameworks.connect(now, this.#frameworks.numberOf(target), detail);
        break;
      case events.CONTAINER_STARTED:
        this.#agents.containerStarted(now, target, detail);
        break;
      case events.CONTAINER_EXITED:
        this.#agents.containerExited(now, target, detail);
        break;
      case events.MASTER_TIMER:
        this.#master.timer(now);
        break;
      case events.AGENT_TIMER:
        this.#agents.timer(now, target);
        break;
      case events.FRAMEWORK_TIMER:
        this.#frameworks.timer(now, target);
        break;
      case events.JOBS_ARRIVE:
        this.#jobsArrive(now);
        break;
      case events.PINGS_ANSWERED:
        this.#master.pingsAnswered(now, detail);
        break;
      case events.PINGS_MISSED_AT_AGENT:
        this.#agents.pingsMissed(now, target, detail);
        break;
      case events.REGISTRY_WRITTEN:
        this.#master.registryWritten(now, detail);
        break;
      case events.REGISTRY_TIMEOUT:
        this.#master.registryTimedOut(now, detail);
        break;
      case events.MASTER_ELECTED:
        this.#master.elected(now);
        break;
      case events.SAMPLE:
        this.#sample();
        agenda.push(now + this.#options.sampleInterval!, events.SAMPLE, 0, 0, null);
        break;
      case events.AGENT_RETURNS:
        this.#agents.returns(now, target, detail);
        break;
      case events.AGENT_THAWS:
        this.#agents.thaws(now, target, detail);
        break;
      case events.FAULT:
        this.#faults.strike(now);
        break;
      case events.FAULTS_DRAWN:
        this.#faults.drawWindow();
        break;
      case events.PARTITION_HEALS:
        this.#faults.heal(now, target);
        break;
      case events.MACHINE_EVENT:
        this.#faults.machineEvent(now);
        break;
      case events.REGISTRY_RECOVERS:
        this.#faults.registryRecovers();
        break;
      default:
        assertNever(kind as never);
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
    observer.sampled(sampleCluster(this.#world.now, this.#master, this.#frameworks, this.#counts));
  }

  #check(): void {
    checkMachines(this.#master, this.#agents, this.#frameworks);
    if (this.#events % WORLD_CHECK_EVERY === 0) {
      checkWorld(this.#master, this.#agents, this.#frameworks, this.#ledger);
    }
  }
}

const LAST = micros(Number.MAX_SAFE_INTEGER);
