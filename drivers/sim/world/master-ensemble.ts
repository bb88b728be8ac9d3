import type { MasterEpoch, Micros, Rng } from '../../../engine/core/index.ts';
import { micros } from '../../../engine/core/index.ts';
import type { LinkId, MasterMachine, MasterOutput, RequestId } from '../../../engine/master/index.ts';
import type { AgentToMaster, OperatorMutation, SchedulerCall } from '../../../engine/protocol/index.ts';
import type { RegistryOperation, RegistrySnapshot, RegistryState } from '../../../engine/registry/index.ts';
import { AUTHORIZED, MASTER_STARTS, MASTER_THAWS, MASTER_TIMER, PINGS_ANSWERED } from '../agenda/index.ts';
import type { MasterSubject } from '../faults/index.ts';
import type { Coordination, MasterSide } from './coordination.ts';
import { DeadlineTimers } from './deadline-timers.ts';
import { HostClock } from './host-clock.ts';
import type { PartyListener } from './leader-detector.ts';
import { type LeaderView, NO_MASTER } from './leader-view.ts';
import type { MachineDirectory } from './machine-directory.ts';
import { MasterHost } from './master-host.ts';
import type { OutputList } from './output-list.ts';
import { EtcdCoordination } from './etcd-coordination.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { SoloCoordination } from './solo-coordination.ts';
import { type Message, type World } from './world.ts';

/** Totals over all masters of a run. */
export interface OfferCounts {
  readonly made: number;
  readonly accepted: number;
  readonly declined: number;
  readonly rescinded: number;
  /** Of the rescinded: those that nobody answered in time. */
  readonly timedOut: number;
}

/** Who does not answer pings. */
export interface Unresponsive {
  /** Links that the master holds open to agents that have not answered it since `since` or longer. O(agents that do not answer). */
  linksSilentSince(since: Micros, master: number): readonly LinkId[];
}

/** Sees what each step of a master brought forth, while somebody waits for a moment. */
export interface MomentWitness {
  stepped(now: Micros, master: number, outputs: OutputList<MasterOutput>): void;
}

/** Hears of answers to an operator's calls. */
export interface OperatorWitness {
  /** @param refusal code of the refusal, null if the call took effect */
  answered(now: Micros, request: number, refusal: string | null): void;
}

/** The masters of a run, one of which leads, and their part of every event. */
export class MasterEnsemble implements LeaderView, MasterSide {
  readonly hosts: readonly MasterHost[];
  readonly coordination: Coordination;
  /** The same if several masters share a store, else null. */
  readonly etcd: EtcdCoordination | null;
  readonly timers: DeadlineTimers;
  readonly unresponsive: Unresponsive;
  readonly #world: World;
  readonly #directory: MachineDirectory;
  readonly #thaws: Rng;
  /** Set while somebody waits for a moment; costs nothing otherwise. */
  moments: MomentWitness | null = null;
  /** Told of answers to `operatorCalls`. */
  operator: OperatorWitness | null = null;
  readonly #operatorRequests = new Set<number>();
  #requests = 0;
  #machinesMade = 0;
  #endings = 0;
  // How the authorizer answers: after `#authorizerDelay`, or not at all what was asked.
  #authorizerDelay: Micros;
  #authorizerFails = false;
  /** What masters have asked the authorizer and it has not answered yet. */
  readonly #asked = new Map<
    number,
    {
      readonly host: MasterHost;
      readonly outage: number;
      readonly ticket: number;
      readonly requests: number;
    }
  >();
  #asks = 0;
  // Sums over machines that are gone.
  #steps = 0;
  #allocationRuns = 0;
  #made = 0;
  #accepted = 0;
  #declined = 0;
  #rescinded = 0;
  #timedOut = 0;
  #passedOver = 0;
  /** Calls that masters refused. */
  callsRefused = 0;

  constructor(world: World, directory: MachineDirectory, unresponsive: Unresponsive) {
    this.#world = world;
    this.#directory = directory;
    this.unresponsive = unresponsive;
    this.#thaws = world.stream('thaws');
    this.#authorizerDelay = world.options.authorizerDelay;
    this.timers = new DeadlineTimers(world.agenda, MASTER_TIMER, world.network.masters);
    const { ensemble } = world.options;
    const content = initialRegistry(world.options);
    this.etcd = ensemble === null ? null : new EtcdCoordination(world, this, ensemble, content);
    this.coordination = this.etcd ?? new SoloCoordination(world, this, content);
    const offsets = world.stream('clocks');
    this.hosts = Array.from({ length: world.network.masters }, (_, number) => {
      const clock =
        ensemble === null ? null : new HostClock(micros(offsets.below(ensemble.clockOffsetMax + 1)));
      return new MasterHost(world, this, number, clock);
    });
    for (const host of this.hosts) world.agenda.push(0, MASTER_STARTS, host.number, 0, null);
  }

  // For checks and reports.

  /** The machine of the master that the election has made the leader; null between two. */
  get machine(): MasterMachine | null {
    return this.hosts[this.coordination.leader]?.machine ?? null;
  }

  /** What is durable. */
  get registry(): RegistryState {
    return this.coordination.registry;
  }

  /** Whether a master leads and has recovered. */
  get isLed(): boolean {
    return this.machine?.isLeading === true;
  }

  get steps(): number {
    return this.hosts.reduce((sum, { machine }) => sum + (machine?.stats.steps ?? 0), this.#steps);
  }

  /** Cycles up to now, ticks that an idle allocator was not asked for included. */
  get allocationRuns(): number {
    const { now } = this.#world;
    return this.hosts.reduce(
      (sum, { machine }) => sum + (machine?.isLeading ? machine.allocator.metrics(now).allocationRuns : 0),
      this.#allocationRuns,
    );
  }

  /** Times that the guard against decliners passed a framework over. */
  get declinersPassedOver(): number {
    return this.hosts.reduce(
      (sum, { machine }) => sum + (machine?.allocator.metrics().declinersPassedOver ?? 0),
      this.#passedOver,
    );
  }

  get offers(): OfferCounts {
    let made = this.#made;
    let accepted = this.#accepted;
    let declined = this.#declined;
    let rescinded = this.#rescinded;
    let timedOut = this.#timedOut;
    for (const { machine } of this.hosts) {
      if (machine === null) continue;
      made += machine.stats.offersMade;
      accepted += machine.stats.offersAccepted;
      declined += machine.stats.offersDeclined;
      rescinded += machine.stats.offersRescinded;
      timedOut += machine.stats.offersTimedOut;
    }
    return { made, accepted, declined, rescinded, timedOut };
  }

  // What parties see.

  /** Parties hear through `listener` when they are to look for another leader. */
  listenFor(listener: PartyListener): void {
    if (this.etcd !== null) this.etcd.detector.listener = listener;
  }

  leaderFor(party: number): number {
    const master = this.coordination.leaderFor(party);
    if (master === NO_MASTER) return NO_MASTER;
    const { machine } = this.hosts[master]!;
    if (machine === null) return NO_MASTER;
    // With one master there is no other to be sent to: it takes nobody before it has recovered.
    return this.hosts.length > 1 || machine.isLeading ? master : NO_MASTER;
  }

  isSilent(master: number): boolean {
    return this.hosts[master]!.isFrozen;
  }

  // Processes.

  /** MASTER_STARTS. */
  starts(now: Micros, number: number, outage: number): void {
    const host = this.hosts[number]!;
    if (host.machine !== null || host.outages !== outage) return;
    host.start(now, this.#world.seedFor(`allocator.${this.#machinesMade++}`));
    this.coordination.started(now, number);
  }

  /** MASTER_THAWS. */
  thaws(now: Micros, number: number, outage: number): void {
    this.hosts[number]!.thaws(now, outage, this.#thaws.below(2) === 0);
  }

  /** The master that a fault means; -1 if there is none to mean. */
  meant(subject: MasterSubject): number {
    return subject === 'leader' ? this.coordination.leader : subject % this.hosts.length;
  }

  /**
   * A master's process ends at once, and is back after `delay`.
   *
   * @param survivingWrites a 32-bit draw, see `Coordination.ended`
   * @returns false if there is none to end
   */
  crash(now: Micros, number: number, delay: Micros, survivingWrites: number, resigns = false): boolean {
    const host = this.hosts[number];
    if (host === undefined || host.machine === null) return false;
    this.#endings++;
    this.#bury(now, host.end());
    this.timers.disarm(number);
    this.coordination.ended(now, number, survivingWrites, resigns);
    this.#world.network.masterGone(now, number);
    this.#world.agenda.push(now + delay, MASTER_STARTS, number, host.outages, null);
    return true;
  }

  /** A master's process stands still; agents that are connected to it hear no pings. */
  freeze(now: Micros, number: number, duration: Micros): boolean {
    this.coordination.disturbs(now, number);
    return this.hosts[number]?.freeze(now, duration) === true;
  }

  /** Changes the clock of a master's host. False if it has none of its own, or is not meant to be there. */
  setClock(now: Micros, number: number, change: (clock: HostClock) => void): boolean {
    const host = this.hosts[number];
    if (host === undefined || host.clock === null) return false;
    this.coordination.disturbs(now, number);
    change(host.clock);
    host.arm(now);
    this.coordination.clockSet(now, number);
    return true;
  }

  /** A master said that it cannot go on. */
  abdicates(now: Micros, host: MasterHost): void {
    const survivors = this.#world.stream(`abdication.${this.#endings}`).next();
    this.crash(now, host.number, this.#world.options.electionDelay, survivors);
  }

  // MasterSide.

  elected(now: Micros, master: number, epoch: MasterEpoch, registry: RegistrySnapshot): void {
    this.hosts[master]!.elected(now, epoch, registry);
  }

  durable(now: Micros, master: number, upTo: number): void {
    this.hosts[master]!.durable(now, upTo);
  }

  storeFailed(now: Micros, master: number, reason: string): void {
    this.hosts[master]!.storeFailed(now, reason);
  }

  deposed(now: Micros, master: number): void {
    this.abdicates(now, this.hosts[master]!);
  }

  defers(master: number, happens: (now: Micros) => void): boolean {
    return this.hosts[master]!.defers(happens);
  }

  instantAt(now: Micros, master: number): Micros {
    return this.hosts[master]!.clock?.read(now) ?? now;
  }

  whenShown(now: Micros, master: number, instant: Micros): Micros {
    return this.hosts[master]!.clock?.whenShown(now, instant) ?? instant;
  }

  clockOf(master: number): HostClock | null {
    return this.hosts[master]!.clock;
  }

  // Inputs.

  /** MESSAGE_AT_MASTER. */
  messageArrived(now: Micros, connection: number, message: Message, isAgent: boolean): void {
    const { network } = this.#world;
    const host = this.hosts[network.masterOf(connection)]!;
    if (host.isFrozen) {
      host.defers((later) => this.messageArrived(later, connection, message, isAgent));
      return;
    }
    if (!network.arrivesAtMaster(connection)) return;
    if (isAgent) host.agentMessage(now, connection, message as AgentToMaster);
    else host.schedulerCalled(now, connection, message as SchedulerCall, ++this.#requests as RequestId);
  }

  /** CLOSED_AT_MASTER, TIMEOUT_AT_MASTER. */
  connectionEnds(now: Micros, connection: number, isTimeout: boolean, isAgent: boolean): void {
    const { network } = this.#world;
    const host = this.hosts[network.masterOf(connection)]!;
    if (host.isFrozen) {
      host.defers((later) => this.connectionEnds(later, connection, isTimeout, isAgent));
      return;
    }
    if (!network.endsAtMaster(now, connection, isTimeout)) return;
    if (isAgent) host.linkClosed(now, connection);
    else host.streamClosed(now, connection);
  }

  /** MASTER_TIMER. */
  timer(now: Micros, number: number): void {
    // One that stands still arms its timer when it goes on.
    if (this.timers.fires(number, now) && !this.hosts[number]!.isFrozen) this.hosts[number]!.timer(now);
  }

  /**
   * An operator calls a master; the answer goes to `operator`.
   *
   * @param announced told the request's number before its answer can come
   * @returns that number, or null if nobody is there to hear the call
   */
  operatorCalls(
    now: Micros,
    number: number,
    call: OperatorMutation,
    announced: (request: number) => void,
  ): number | null {
    const host = this.hosts[number];
    if (host === undefined || host.machine === null) return null;
    const request = ++this.#requests as RequestId;
    this.#operatorRequests.add(request);
    announced(request);
    if (!host.defers((later) => host.operatorCalled(later, request, call)))
      host.operatorCalled(now, request, call);
    return request;
  }

  /** One of the agenda's events that belong to masters. */
  happened(now: Micros, kind: number, target: number, detail: number): void {
    switch (kind) {
      case MASTER_STARTS:
        this.starts(now, target, detail);
        break;
      case MASTER_THAWS:
        this.thaws(now, target, detail);
        break;
      case PINGS_ANSWERED:
        this.hosts[target]!.pingsAnswered(now, detail);
        break;
      case AUTHORIZED:
        this.#authorized(now, target);
        break;
      default:
        this.coordination.happened(now, kind, target, detail);
    }
  }

  // Outputs of hosts.

  persist(now: Micros, host: MasterHost, index: number, operation: RegistryOperation): void {
    if (operation.kind === 'agentAdmitted') {
      this.#directory.admitted(operation.id, operation.info.hostname);
    }
    this.coordination.persist(now, host.number, index, operation);
  }

  flush(now: Micros, host: MasterHost): void {
    this.coordination.flush(now, host.number, host.epoch);
  }

  /** A master that does not lead closes a connection: the party may be told who does. */
  turnsAway(host: MasterHost, connection: number): void {
    if (host.machine!.isLeading) return;
    const party = this.#world.network.partyOf(connection);
    this.#world.turnedAway.add(party);
    this.coordination.turnedAway(host.number, party);
  }

  callRefused(now: Micros, output: Extract<MasterOutput, { kind: 'refuseCall' }>): void {
    if (this.#operatorRequests.delete(output.request)) {
      this.operator?.answered(now, output.request, output.error.code);
    } else {
      this.callsRefused++;
    }
  }

  callAnswered(now: Micros, output: Extract<MasterOutput, { kind: 'answerCall' }>): void {
    if (this.#operatorRequests.delete(output.request)) this.operator?.answered(now, output.request, null);
  }

  // The authorizer: everybody may do everything, if it answers.

  authorize(now: Micros, host: MasterHost, ticket: number, requests: number): void {
    const ask = this.#asks++;
    this.#asked.set(ask, { host, outage: host.outages, ticket, requests });
    this.#world.agenda.push(now + this.#authorizerDelay, AUTHORIZED, ask, 0, null);
  }

  /** Answers take `delay` from now on; null restores the normal one. */
  setAuthorizerDelay(delay: Micros | null): void {
    this.#authorizerDelay = delay ?? this.#world.options.authorizerDelay;
  }

  setAuthorizerFails(fails: boolean): void {
    this.#authorizerFails = fails;
  }

  #authorized(now: Micros, ask: number): void {
    const { host, outage, ticket, requests } = this.#asked.get(ask)!;
    this.#asked.delete(ask);
    if (host.outages !== outage) return;
    const verdicts = this.#authorizerFails ? null : Array.from({ length: requests }, () => true);
    if (!host.defers((later) => host.authorized(later, ticket, verdicts)))
      host.authorized(now, ticket, verdicts);
  }

  #bury(now: Micros, machine: MasterMachine): void {
    const { stats } = machine;
    this.#steps += stats.steps;
    const { allocationRuns, declinersPassedOver } = machine.allocator.metrics(now);
    this.#allocationRuns += allocationRuns;
    this.#passedOver += declinersPassedOver;
    this.#made += stats.offersMade;
    this.#accepted += stats.offersAccepted;
    this.#declined += stats.offersDeclined;
    this.#rescinded += stats.offersRescinded;
    this.#timedOut += stats.offersTimedOut;
  }
}

/** What is in the registry before the first master: weights and quotas of the run. */
function initialRegistry({ frameworks, quotas }: SimulationOptions): readonly RegistryOperation[] {
  const weightInfos = frameworks.roles.filter(({ weight }) => weight !== 1);
  return [
    { kind: 'weightsUpdated', weightInfos },
    { kind: 'quotasUpdated', quotaConfigs: quotas },
  ];
}
