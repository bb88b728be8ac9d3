import type { FrameworkId, Micros, TaskId } from '../../../engine/core/index.ts';
import type { SchedulerEvent } from '../../../engine/protocol/index.ts';
import {
  ChaosFramework,
  type ChaosInput,
  type ChaosOptions,
  type ChaosOutput,
  runMicrosOf,
} from '../../../frameworks/chaos/index.ts';
import { hashWorkloadOutput } from '../../../frameworks/workload/index.ts';
import { CONNECT, FRAMEWORK_TIMER } from '../agenda/index.ts';
import { Backoffs } from '../world/backoffs.ts';
import { DeadlineTimers } from '../world/deadline-timers.ts';
import { OutputList } from '../world/output-list.ts';
import type { World } from '../world/world.ts';

/** The chaos frameworks of a run. Framework `f` is party `machines + f` of the network. */
export class SchedulerFleet {
  readonly #world: World;
  readonly #isMasterReachable: () => boolean;
  readonly #sink = new OutputList<ChaosOutput>();
  readonly #timers: DeadlineTimers;
  readonly #backoffs: Backoffs;
  readonly #firstParty: number;
  readonly #machines: ChaosFramework[] = [];
  readonly #options: readonly ChaosOptions[];
  readonly #byId = new Map<FrameworkId, number>();

  constructor(world: World, options: readonly ChaosOptions[], isMasterReachable: () => boolean) {
    this.#world = world;
    this.#options = options;
    this.#isMasterReachable = isMasterReachable;
    this.#firstParty = world.options.machines.length;
    this.#timers = new DeadlineTimers(world.agenda, FRAMEWORK_TIMER, 16);
    this.#backoffs = new Backoffs(world.options.network, world.stream('frameworkBackoff'));
    options.forEach((each, number) => {
      this.#machines.push(new ChaosFramework(each, null));
      world.network.addParty('frameworks');
      this.#reconnect(0 as Micros, number);
      this.#timers.arm(number, 0 as Micros, this.#machines[number]!.nextDeadline());
    });
  }

  get count(): number {
    return this.#machines.length;
  }

  framework(number: number): ChaosFramework {
    return this.#machines[number]!;
  }

  nameOf(number: number): string {
    return this.#options[number]!.info.name;
  }

  partyOf(number: number): number {
    return this.#firstParty + number;
  }

  numberOf(party: number): number {
    return party - this.#firstParty;
  }

  /** Number of the framework that has, or had, that id; -1 for none. */
  numberById(id: FrameworkId): number {
    return this.#byId.get(id) ?? -1;
  }

  runMicrosOf(frameworkId: FrameworkId, taskId: TaskId): number {
    const options = this.#options[this.#byId.get(frameworkId)!]!;
    return runMicrosOf(options.seed, options.temper, taskId);
  }

  eventArrived(now: Micros, connection: number, event: SchedulerEvent): void {
    const { network } = this.#world;
    if (!network.arrivesAtParty(connection)) return;
    const number = this.numberOf(network.partyOf(connection));
    if (event.type === 'SUBSCRIBED') this.#byId.set(event.frameworkId, number);
    this.#step(now, number, { kind: 'event', event });
  }

  connectionEnds(now: Micros, connection: number, isTimeout: boolean): void {
    const { network } = this.#world;
    if (!network.endsAtParty(now, connection, isTimeout)) return;
    const number = this.numberOf(network.partyOf(connection));
    this.#step(now, number, { kind: 'disconnected' });
    this.#reconnect(now, number);
  }

  connect(now: Micros, number: number, attempt: number): void {
    if (!this.#backoffs.isCurrent(number, attempt)) return;
    const { network, agenda } = this.#world;
    const party = this.partyOf(number);
    const isBlocked = network.isBlocked(party, 'toMaster') || network.isBlocked(party, 'fromMaster');
    if (isBlocked || !this.#isMasterReachable()) {
      agenda.push(now + this.#backoffs.failed(number), CONNECT, party, attempt, null);
      return;
    }
    network.open(party);
    this.#step(now, number, { kind: 'connected' });
  }

  timer(now: Micros, number: number): void {
    if (!this.#timers.fires(number, now)) return;
    const deadline = this.#machines[number]!.nextDeadline();
    if (deadline !== null && deadline <= now) this.#step(now, number, { kind: 'tick' });
    else this.#timers.arm(number, now, deadline);
  }

  #reconnect(now: Micros, number: number): void {
    const { network, agenda } = this.#world;
    const party = this.partyOf(number);
    const connection = network.connectionOf(party);
    if (connection !== 0) network.closeAtParty(now, connection);
    const wait = this.#backoffs.first(number);
    agenda.push(now + wait, CONNECT, party, this.#backoffs.attempt(number), null);
  }

  #step(now: Micros, number: number, input: ChaosInput): void {
    const machine = this.#machines[number]!;
    const sink = this.#sink;
    machine.step(now, input, sink);
    const { hash, network } = this.#world;
    const { tap } = this.#world.options;
    const party = this.partyOf(number);
    for (let index = 0; index < sink.count; index++) {
      const output = sink.at(index);
      hash.add(now);
      hash.add(party);
      hashWorkloadOutput(hash, output);
      if (tap !== null) tap.output(now, { kind: 'framework', framework: number }, output);
      if (output.kind === 'call') network.sendToMaster(now, network.connectionOf(party), output.call);
      else this.#reconnect(now, number);
    }
    sink.clear();
    this.#timers.arm(number, now, machine.nextDeadline());
  }
}
