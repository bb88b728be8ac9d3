import { assert, type FrameworkId, type Micros, micros, type TaskId } from '../../../engine/core/index.ts';
import type { SchedulerEvent } from '../../../engine/protocol/index.ts';
import { hashWorkloadOutput } from '../../../frameworks/workload/index.ts';
import { CONNECT, FRAMEWORK_TIMER } from '../agenda/index.ts';
import type { Misbehaviour, SchedulerFaults } from '../faults/index.ts';
import { Backoffs } from './backoffs.ts';
import { DeadlineTimers } from './deadline-timers.ts';
import { type LeaderView, NO_MASTER } from './leader-view.ts';
import { OutputList } from './output-list.ts';
import type {
  SchedulerFactory,
  SchedulerInput,
  SchedulerMachine,
  SchedulerOutput,
} from './scheduler-port.ts';
import type { SchedulerSide } from './scheduler-side.ts';
import type { World } from './world.ts';

/** One scheduler's process. */
interface Instance<Machine> {
  readonly framework: number;
  readonly machine: Machine;
  isThere: boolean;
  /** Freezes under way. */
  freezes: number;
  /** Faults that hold its behaviour. */
  moods: number;
  deferred: ((now: Micros) => void)[];
}

/**
 * The schedulers of a cluster, made by a factory. Instance `i` is party `machines + i` of the network; a framework has one instance, or
 * two while the second takes over from the first.
 */
export class SchedulerFleet<Machine extends SchedulerMachine> implements SchedulerSide, SchedulerFaults {
  readonly faults: SchedulerFaults = this;
  readonly #world: World;
  readonly #factory: SchedulerFactory<Machine>;
  readonly #masters: LeaderView;
  readonly #sink = new OutputList<SchedulerOutput>();
  readonly #timers: DeadlineTimers;
  readonly #backoffs: Backoffs;
  readonly #firstParty: number;
  readonly #instances: Instance<Machine>[] = [];
  /** The newest instance of each framework. */
  readonly #newest: number[] = [];
  readonly #byId = new Map<FrameworkId, number>();

  constructor(world: World, factory: SchedulerFactory<Machine>, masters: LeaderView) {
    this.#world = world;
    this.#factory = factory;
    this.#masters = masters;
    this.#firstParty = world.options.machines.length;
    this.#timers = new DeadlineTimers(world.agenda, FRAMEWORK_TIMER, 16);
    this.#backoffs = new Backoffs(world.options.network, world.stream('frameworkBackoff'));
    for (let number = 0; number < factory.count; number++) this.#begin(world.now, number, null);
  }

  get count(): number {
    return this.#newest.length;
  }

  /** The scheduler of a framework: its newest instance. */
  framework(number: number): Machine {
    return this.#instances[this.#newest[number]!]!.machine;
  }

  nameOf(number: number): string {
    return this.#factory.nameOf(number);
  }

  partyOf(number: number): number {
    return this.#firstParty + this.#newest[number]!;
  }

  numberOf(party: number): number {
    return this.#instances[party - this.#firstParty]!.framework;
  }

  /** Number of the framework that has, or had, that id; -1 for none. */
  numberById(id: FrameworkId): number {
    return this.#byId.get(id) ?? -1;
  }

  runMicrosOf(frameworkId: FrameworkId, taskId: TaskId): number {
    const number = this.#byId.get(frameworkId);
    assert(number !== undefined, 'a task’s framework has subscribed');
    return this.#factory.runMicrosOf(number, taskId);
  }

  /** Whether the framework's newest scheduler stands still. */
  isFrozen(number: number): boolean {
    return this.#instances[this.#newest[number]!]!.freezes > 0;
  }

  checkInvariants(): void {
    for (const { machine } of this.#instances) machine.checkInvariants();
  }

  // Inputs.

  eventArrived(now: Micros, connection: number, event: SchedulerEvent): void {
    const { network } = this.#world;
    const instance = network.partyOf(connection) - this.#firstParty;
    if (this.#defers(instance, (later) => this.eventArrived(later, connection, event))) return;
    if (!network.arrivesAtParty(connection)) return;
    if (event.type === 'SUBSCRIBED') this.#byId.set(event.frameworkId, this.#instances[instance]!.framework);
    this.#step(now, instance, { kind: 'event', event });
  }

  connectionEnds(now: Micros, connection: number, isTimeout: boolean): void {
    const { network } = this.#world;
    const instance = network.partyOf(connection) - this.#firstParty;
    if (this.#defers(instance, (later) => this.connectionEnds(later, connection, isTimeout))) return;
    if (!network.endsAtParty(now, connection, isTimeout)) return;
    this.#step(now, instance, { kind: 'disconnected' });
    this.#reconnect(now, instance);
  }

  connect(now: Micros, party: number, attempt: number): void {
    const instance = party - this.#firstParty;
    if (!this.#instances[instance]!.isThere || !this.#backoffs.isCurrent(instance, attempt)) return;
    if (this.#defers(instance, (later) => this.connect(later, party, attempt))) return;
    const { network, agenda } = this.#world;
    const master = this.#masters.leaderFor(party);
    if (master === NO_MASTER || !network.isOpen(party, master)) {
      agenda.push(now + this.#backoffs.failed(instance), CONNECT, party, attempt, null);
      return;
    }
    network.open(party, master);
    this.#step(now, instance, { kind: 'connected' });
  }

  leaderChanged(now: Micros, party: number): void {
    const instance = party - this.#firstParty;
    if (!this.#instances[instance]!.isThere) return;
    const { network } = this.#world;
    const connection = network.connectionOf(party);
    if (connection === 0) return;
    const master = this.#masters.leaderFor(party);
    if (master === NO_MASTER || master === network.masterOf(connection)) return;
    this.connectionEnds(now, connection, false);
  }

  timer(now: Micros, instance: number): void {
    if (!this.#timers.fires(instance, now)) return;
    const { isThere, freezes, machine } = this.#instances[instance]!;
    if (!isThere || freezes > 0) return;
    const deadline = machine.nextDeadline();
    if (deadline !== null && deadline <= now) this.#step(now, instance, { kind: 'tick' });
    else this.#timers.arm(instance, now, deadline);
  }

  // Faults.

  freeze(_now: Micros, number: number, until: Micros): string | null {
    const index = this.#newest[number]!;
    this.#instances[index]!.freezes++;
    this.#world.later(until, (later) => this.#thaws(later, index));
    return this.nameOf(number);
  }

  failover(now: Micros, number: number, until: Micros): string | null {
    const before = this.#newest[number]!;
    const others = this.#instances.filter(({ framework, isThere }) => framework === number && isThere);
    if (others.length > 1) return null;
    this.#begin(now, number, this.#instances[before]!.machine);
    this.#world.later(until, (later) => this.#end(later, before));
    return this.nameOf(number);
  }

  misbehave(now: Micros, number: number, how: Misbehaviour, until: Micros): string | null {
    const index = this.#newest[number]!;
    this.#instances[index]!.moods++;
    this.#tell(now, index, { kind: 'behaves', how });
    this.#world.later(until, (later) => {
      if (--this.#instances[index]!.moods === 0) this.#tell(later, index, { kind: 'behaves', how: null });
    });
    return this.nameOf(number);
  }

  #begin(now: Micros, number: number, before: Machine | null): void {
    const index = this.#instances.length;
    const machine = this.#factory.make(number, before, this.#world.seedFor(`framework.${index}`));
    this.#instances.push({ framework: number, machine, isThere: true, freezes: 0, moods: 0, deferred: [] });
    this.#newest[number] = index;
    const party = this.#world.network.addParty('frameworks');
    assert(party === this.#firstParty + index, 'schedulers are the parties behind the machines');
    this.#reconnect(now, index);
    this.#timers.arm(index, now, machine.nextDeadline());
  }

  /** The process is gone; its connection closes in good order. */
  #end(now: Micros, index: number): void {
    const instance = this.#instances[index]!;
    instance.isThere = false;
    instance.deferred = [];
    this.#timers.disarm(index);
    this.#backoffs.cancel(index);
    this.#world.network.closeAtParty(now, this.#world.network.connectionOf(this.#firstParty + index));
  }

  #thaws(now: Micros, index: number): void {
    const instance = this.#instances[index]!;
    if (--instance.freezes > 0) return;
    const { deferred } = instance;
    instance.deferred = [];
    for (const happens of deferred) if (instance.isThere) happens(now);
    if (instance.isThere) this.#timers.arm(index, now, instance.machine.nextDeadline());
  }

  #tell(now: Micros, index: number, input: SchedulerInput): void {
    if (!this.#instances[index]!.isThere) return;
    if (!this.#defers(index, (later) => this.#step(later, index, input))) this.#step(now, index, input);
  }

  #defers(index: number, happens: (now: Micros) => void): boolean {
    const instance = this.#instances[index]!;
    if (instance.freezes === 0 || !instance.isThere) return false;
    instance.deferred.push(happens);
    return true;
  }

  #reconnect(now: Micros, index: number): void {
    const { network, agenda } = this.#world;
    const party = this.#firstParty + index;
    const connection = network.connectionOf(party);
    if (connection !== 0) network.closeAtParty(now, connection);
    const isAgain = this.#world.turnedAway.delete(party);
    const wait = isAgain ? this.#backoffs.again(index) : this.#backoffs.first(index);
    agenda.push(now + wait, CONNECT, party, this.#backoffs.attempt(index), null);
  }

  #step(now: Micros, index: number, input: SchedulerInput): void {
    const { hash, network } = this.#world;
    const { tap, inputTap } = this.#world.options;
    const { machine, framework } = this.#instances[index]!;
    const party = this.#firstParty + index;
    const sink = this.#sink;
    if (inputTap !== null) inputTap.input(now, { kind: 'framework', framework }, input);
    machine.step(now, input, sink);
    if (sink.count > 0) {
      hash.add(now);
      hash.add(party);
    }
    for (let at = 0; at < sink.count; at++) {
      const output = sink.at(at);
      hashWorkloadOutput(hash, output);
      if (tap !== null) tap.output(now, { kind: 'framework', framework }, output);
      if (output.kind === 'call') network.sendToMaster(now, network.connectionOf(party), output.call);
      else this.#reconnect(now, index);
    }
    sink.clear();
    const deadline = machine.nextDeadline();
    // A machine that wants a tick at once gets it at the same instant, after whatever else happens then.
    this.#timers.arm(index, now, deadline === null ? null : micros(Math.max(now, deadline)));
  }
}
