import { assert, type FrameworkId, type Micros, type TaskId } from '../../../engine/core/index.ts';
import {
  type FrameworkCapability,
  type FrameworkInfo,
  type SchedulerCall,
  type SchedulerEvent,
} from '../../../engine/protocol/index.ts';
import type { Job, JobOutcome } from '../../../engine/workload/index.ts';
import {
  type AttemptEnded,
  hashWorkloadOutput,
  WorkloadFramework,
  type WorkloadInput,
  type WorkloadOutput,
} from '../../../frameworks/workload/index.ts';
import { CONNECT, FRAMEWORK_TIMER } from '../agenda/index.ts';
import type { TaskLedger } from '../invariants/index.ts';
import { Backoffs } from './backoffs.ts';
import { DeadlineTimers } from './deadline-timers.ts';
import { type LeaderView, NO_MASTER } from './leader-view.ts';
import { OutputList } from './output-list.ts';
import type { SchedulerSide } from './scheduler-side.ts';
import type { World } from './world.ts';

/** A scheduler that is away for less than a week finds its tasks again. */
const FAILOVER_SECONDS = 604_800;

const CAPABILITIES: readonly FrameworkCapability[] = [
  'MULTI_ROLE',
  'PARTITION_AWARE',
  'RESERVATION_REFINEMENT',
  'GPU_RESOURCES',
];

/** What a framework hands to the run. */
export interface WorkListener {
  jobEnded(outcome: JobOutcome): void;
  attemptEnded(attempt: AttemptEnded): void;
}

/** One role's frameworks and what its tasks hold, thousandths. */
export interface RoleFleet {
  readonly role: string;
  readonly weight: number;
  /** Numbers of its frameworks. */
  readonly frameworks: readonly number[];
  /** Framework that gets the next job, as an index into `frameworks`. */
  next: number;
  /** In launched tasks whose end the framework does not know. */
  readonly held: { cpus: number; mem: number; gpus: number };
}

/** The schedulers of a run, made role by role. Framework `f` is party `machines + f` of the network. */
export class FrameworkFleet implements SchedulerSide {
  /** Those of a replay behave. */
  readonly faults = null;
  /** Roles in the order in which they turned up. */
  readonly roles: RoleFleet[] = [];
  readonly #world: World;
  readonly #listener: WorkListener;
  readonly #ledger: TaskLedger | null;
  readonly #masters: LeaderView;
  readonly #sink = new OutputList<WorkloadOutput>();
  readonly #timers: DeadlineTimers;
  readonly #backoffs: Backoffs;
  readonly #firstParty: number;
  readonly #machines: WorkloadFramework[] = [];
  readonly #roleOf: RoleFleet[] = [];
  readonly #names: string[] = [];
  readonly #byRole = new Map<string, RoleFleet>();
  readonly #byId = new Map<FrameworkId, number>();
  #lastId = -1;
  #lastNumber = 0;

  readonly #event: { readonly kind: 'event'; event: SchedulerEvent } = {
    kind: 'event',
    event: { type: 'HEARTBEAT' },
  };

  constructor(world: World, listener: WorkListener, ledger: TaskLedger | null, masters: LeaderView) {
    this.#world = world;
    this.#listener = listener;
    this.#ledger = ledger;
    this.#masters = masters;
    this.#firstParty = world.options.machines.length;
    this.#timers = new DeadlineTimers(world.agenda, FRAMEWORK_TIMER, 16);
    this.#backoffs = new Backoffs(world.options.network, world.stream('frameworkBackoff'));
    assert(world.options.frameworks.perRole >= 1, 'every role has a framework');
  }

  get count(): number {
    return this.#machines.length;
  }

  framework(number: number): WorkloadFramework {
    return this.#machines[number]!;
  }

  nameOf(number: number): string {
    return this.#names[number]!;
  }

  partyOf(number: number): number {
    return this.#firstParty + number;
  }

  numberOf(party: number): number {
    return party - this.#firstParty;
  }

  /** Makes the role's frameworks unless they exist. */
  ensureRole(now: Micros, role: string, weight: number): RoleFleet {
    const known = this.#byRole.get(role);
    if (known !== undefined) return known;
    const { perRole, workload } = this.#world.options.frameworks;
    const frameworks: number[] = [];
    const fleet: RoleFleet = { role, weight, frameworks, next: 0, held: { cpus: 0, mem: 0, gpus: 0 } };
    for (let index = 0; index < perRole; index++) {
      const number = this.#machines.length;
      const name = perRole === 1 ? role : `${role}-${index + 1}`;
      const seed = this.#world.seedFor(`framework.${number}`);
      this.#machines.push(new WorkloadFramework({ ...workload, info: frameworkInfo(name, role), seed }));
      this.#roleOf.push(fleet);
      this.#names.push(name);
      frameworks.push(number);
      const party = this.#world.network.addParty('frameworks');
      assert(party === this.partyOf(number), 'frameworks are the parties behind the machines');
      this.#reconnect(now, number);
    }
    this.roles.push(fleet);
    this.#byRole.set(role, fleet);
    return fleet;
  }

  /** How long a task runs; asked by the machine that launches it. */
  runMicrosOf(frameworkId: FrameworkId, taskId: TaskId): number {
    if (frameworkId !== this.#lastId) {
      const number = this.#byId.get(frameworkId);
      assert(number !== undefined, 'a task’s framework has subscribed');
      this.#lastId = frameworkId;
      this.#lastNumber = number;
    }
    return this.#machines[this.#lastNumber]!.runMicrosOf(taskId);
  }

  // Inputs.

  /** Jobs of one role that arrive together, to the framework whose turn it is. */
  jobsArrived(now: Micros, number: number, jobs: readonly Job[]): void {
    this.#step(now, number, { kind: 'jobsArrived', jobs });
  }

  /** MESSAGE_AT_PARTY. */
  eventArrived(now: Micros, connection: number, event: SchedulerEvent): void {
    const { network } = this.#world;
    if (!network.arrivesAtParty(connection)) return;
    const number = this.numberOf(network.partyOf(connection));
    if (event.type === 'SUBSCRIBED') this.#byId.set(event.frameworkId, number);
    this.#event.event = event;
    this.#step(now, number, this.#event);
  }

  /** CLOSED_AT_PARTY, TIMEOUT_AT_PARTY: the framework hears of it, and the way to the leader is looked for at once. */
  connectionEnds(now: Micros, connection: number, isTimeout: boolean): void {
    const { network } = this.#world;
    if (!network.endsAtParty(now, connection, isTimeout)) return;
    const number = this.numberOf(network.partyOf(connection));
    this.#step(now, number, DISCONNECTED);
    this.#reconnect(now, number);
  }

  /** CONNECT: succeeds if a master leads and both ways are open; else another attempt follows. */
  connect(now: Micros, party: number, attempt: number): void {
    const number = this.numberOf(party);
    if (!this.#backoffs.isCurrent(number, attempt)) return;
    const { network, agenda } = this.#world;
    const master = this.#masters.leaderFor(party);
    if (master === NO_MASTER || !network.isOpen(party, master)) {
      agenda.push(now + this.#backoffs.failed(number), CONNECT, party, attempt, null);
      return;
    }
    network.open(party, master);
    this.#step(now, number, CONNECTED);
  }

  leaderChanged(now: Micros, party: number): void {
    const { network } = this.#world;
    const connection = network.connectionOf(party);
    if (connection === 0) return;
    const master = this.#masters.leaderFor(party);
    if (master !== NO_MASTER && master !== network.masterOf(connection))
      this.connectionEnds(now, connection, false);
  }

  checkInvariants(): void {
    for (const machine of this.#machines) machine.checkInvariants();
  }

  /** FRAMEWORK_TIMER. */
  timer(now: Micros, number: number): void {
    if (!this.#timers.fires(number, now)) return;
    const deadline = this.#machines[number]!.nextDeadline();
    if (deadline !== null && deadline <= now) {
      this.#step(now, number, TICK);
      const next = this.#machines[number]!.nextDeadline();
      assert(next === null || next > now, 'after a tick a framework wants none at the same instant');
    } else {
      this.#timers.arm(number, now, deadline);
    }
  }

  #reconnect(now: Micros, number: number): void {
    const { network, agenda } = this.#world;
    const party = this.partyOf(number);
    const connection = network.connectionOf(party);
    if (connection !== 0) network.closeAtParty(now, connection);
    const isAgain = this.#world.turnedAway.delete(party);
    const wait = isAgain ? this.#backoffs.again(number) : this.#backoffs.first(number);
    agenda.push(now + wait, CONNECT, party, this.#backoffs.attempt(number), null);
  }

  #step(now: Micros, number: number, input: WorkloadInput): void {
    const machine = this.#machines[number]!;
    const sink = this.#sink;
    const { inputTap } = this.#world.options;
    if (inputTap !== null) inputTap.input(now, { kind: 'framework', framework: number }, input);
    machine.step(now, input, sink);
    if (sink.count > 0) this.#perform(now, number);
    this.#timers.arm(number, now, machine.nextDeadline());
  }

  #perform(now: Micros, number: number): void {
    const { hash, network } = this.#world;
    const { tap } = this.#world.options;
    const sink = this.#sink;
    const party = this.partyOf(number);
    hash.add(now);
    hash.add(party);
    for (let index = 0; index < sink.count; index++) {
      const output = sink.at(index);
      hashWorkloadOutput(hash, output);
      if (tap !== null) tap.output(now, { kind: 'framework', framework: number }, output);
      switch (output.kind) {
        case 'call':
          if (output.call.type === 'ACCEPT') this.#launches(now, number, output.call);
          network.sendToMaster(now, network.connectionOf(party), output.call);
          break;
        case 'reconnect':
          this.#reconnect(now, number);
          break;
        case 'jobEnded':
          this.#listener.jobEnded(output.outcome);
          break;
        case 'attemptEnded':
          this.#ends(now, number, output.attempt);
          break;
      }
    }
    sink.clear();
  }

  #launches(now: Micros, number: number, call: Extract<SchedulerCall, { type: 'ACCEPT' }>): void {
    const { held } = this.#roleOf[number]!;
    for (const operation of call.operations) {
      if (operation.type !== 'LAUNCH' && operation.type !== 'LAUNCH_GROUP') continue;
      for (const { taskId, resources } of operation.taskInfos) {
        held.cpus += resources.cpus;
        held.mem += resources.mem;
        held.gpus += resources.gpus;
        this.#ledger?.launched(number, taskId);
      }
    }
    this.#world.lastProgress = now;
  }

  #ends(now: Micros, number: number, attempt: AttemptEnded): void {
    const { held } = this.#roleOf[number]!;
    held.cpus -= attempt.cpus;
    held.mem -= attempt.mem;
    held.gpus -= attempt.gpus;
    this.#ledger?.ended(number, attempt.taskId);
    this.#world.lastProgress = now;
    this.#listener.attemptEnded(attempt);
  }
}

function frameworkInfo(name: string, role: string): FrameworkInfo {
  return {
    user: 'orrery',
    name,
    id: null,
    failoverTimeout: FAILOVER_SECONDS,
    checkpoint: true,
    role: null,
    roles: [role],
    hostname: name,
    principal: null,
    webuiUrl: null,
    capabilities: CAPABILITIES,
    labels: null,
    offerFilters: new Map(),
  };
}

const CONNECTED: WorkloadInput = { kind: 'connected' };
const DISCONNECTED: WorkloadInput = { kind: 'disconnected' };
const TICK: WorkloadInput = { kind: 'tick' };
