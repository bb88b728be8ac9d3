import { assert, type MasterEpoch, type Micros, micros } from '../../../engine/core/index.ts';
import {
  hashMasterOutput,
  type LinkId,
  MasterMachine,
  type MasterInput,
  type MasterOutput,
  type RequestId,
  type StreamId,
} from '../../../engine/master/index.ts';
import type { AgentToMaster, SchedulerCall } from '../../../engine/protocol/index.ts';
import { MASTER_ELECTED, MASTER_TIMER, PINGS_ANSWERED } from '../agenda/index.ts';
import { VirtualRegistry } from '../registry/index.ts';
import { DeadlineTimers } from './deadline-timers.ts';
import type { MachineDirectory } from './machine-directory.ts';
import { OutputList } from './output-list.ts';
import { MASTER_ACTOR, type Message, type World } from './world.ts';

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
  /** Links of agents that have not answered since `since` or longer. O(agents that do not answer). */
  linksSilentSince(since: Micros): readonly LinkId[];
}

const ACTOR = { kind: 'master' } as const;
const REGISTRY_FAILURE = 'store timed out';

/** Runs the master that leads, if one does: gives it its inputs, carries its outputs out, and elects the next one. */
export class MasterHost {
  readonly registry: VirtualRegistry<Message>;
  readonly #world: World;
  readonly #directory: MachineDirectory;
  readonly #unresponsive: Unresponsive;
  readonly #sink = new OutputList<MasterOutput>();
  readonly #timers: DeadlineTimers;
  #machine: MasterMachine | null = null;
  #epoch = 0 as MasterEpoch;
  #requests = 0;
  #lastPingsMissed = 0;
  #mustEnd = false;
  #endings = 0;
  // Sums over masters that are gone.
  #steps = 0;
  #allocationRuns = 0;
  #made = 0;
  #accepted = 0;
  #declined = 0;
  #rescinded = 0;
  #timedOut = 0;
  #passedOver = 0;
  /** Calls that the master refused. */
  callsRefused = 0;

  // Inputs are reused: a machine never keeps one.
  readonly #agentMessage: {
    readonly kind: 'agentMessage';
    link: LinkId;
    message: AgentToMaster;
  } = { kind: 'agentMessage', link: 0 as LinkId, message: { type: 'UNREGISTER_AGENT', agentId: 0 as never } };
  readonly #schedulerCalled: {
    readonly kind: 'schedulerCalled';
    request: RequestId;
    readonly principal: string | null;
    stream: StreamId;
    call: SchedulerCall;
  } = {
    kind: 'schedulerCalled',
    request: 0 as RequestId,
    principal: null,
    stream: 0 as StreamId,
    call: { type: 'TEARDOWN', frameworkId: 0 as never },
  };

  constructor(world: World, directory: MachineDirectory, unresponsive: Unresponsive) {
    this.#world = world;
    this.#directory = directory;
    this.#unresponsive = unresponsive;
    this.registry = new VirtualRegistry(world.agenda, world.options.registry);
    this.#timers = new DeadlineTimers(world.agenda, MASTER_TIMER, 1);
    const weightInfos = world.options.frameworks.roles.filter(({ weight }) => weight !== 1);
    this.registry.state.apply({ kind: 'weightsUpdated', weightInfos });
    this.registry.state.apply({ kind: 'quotasUpdated', quotaConfigs: world.options.quotas });
    world.agenda.push(0, MASTER_ELECTED, 0, 0, null);
  }

  /** The master that leads, or is about to; null between two. For checks and reports. */
  get machine(): MasterMachine | null {
    return this.#machine;
  }

  /** Whether parties can connect: a master is there and has recovered. */
  get isReachable(): boolean {
    return this.#machine?.isLeading === true;
  }

  get steps(): number {
    return this.#steps + (this.#machine?.stats.steps ?? 0);
  }

  /** Cycles up to now, ticks that an idle allocator was not asked for included. */
  get allocationRuns(): number {
    const { now } = this.#world;
    return this.#allocationRuns + (this.#machine?.allocator.metrics(now).allocationRuns ?? 0);
  }

  /** Times that the guard against decliners passed a framework over. */
  get declinersPassedOver(): number {
    return this.#passedOver + (this.#machine?.allocator.metrics().declinersPassedOver ?? 0);
  }

  get offers(): OfferCounts {
    const stats = this.#machine?.stats ?? null;
    return {
      made: this.#made + (stats?.offersMade ?? 0),
      accepted: this.#accepted + (stats?.offersAccepted ?? 0),
      declined: this.#declined + (stats?.offersDeclined ?? 0),
      rescinded: this.#rescinded + (stats?.offersRescinded ?? 0),
      timedOut: this.#timedOut + (stats?.offersTimedOut ?? 0),
    };
  }

  /** MASTER_ELECTED: a new master reads the registry. */
  elected(now: Micros): void {
    if (this.#machine !== null) return;
    const { options } = this.#world;
    const snapshot = this.registry.state.snapshot();
    this.#epoch = (this.registry.state.epoch + 1) as MasterEpoch;
    const seed = this.#world.seedFor(`allocator.${this.#endings}`);
    this.#machine = new MasterMachine(
      options.master,
      options.allocator,
      { ...options.allocatorOptions, seed },
      now,
    );
    this.#lastPingsMissed = 0;
    this.#step(now, { kind: 'elected', epoch: this.#epoch, registry: snapshot });
  }

  /**
   * The master's process ends at once; the next is elected after `delay`.
   *
   * @param survivingWrites a 32-bit draw, see `VirtualRegistry.masterGone`
   * @returns false if there is none to end
   */
  crash(now: Micros, delay: Micros, survivingWrites: number): boolean {
    const machine = this.#machine;
    if (machine === null) return false;
    this.#endings++;
    this.#steps += machine.stats.steps;
    const { allocationRuns, declinersPassedOver } = machine.allocator.metrics(now);
    this.#allocationRuns += allocationRuns;
    this.#passedOver += declinersPassedOver;
    this.#made += machine.stats.offersMade;
    this.#accepted += machine.stats.offersAccepted;
    this.#declined += machine.stats.offersDeclined;
    this.#rescinded += machine.stats.offersRescinded;
    this.#timedOut += machine.stats.offersTimedOut;
    this.#machine = null;
    this.#mustEnd = false;
    this.#timers.disarm(0);
    this.registry.masterGone(survivingWrites);
    this.#world.network.masterGone(now);
    this.#world.agenda.push(now + delay, MASTER_ELECTED, 0, 0, null);
    return true;
  }

  agentMessage(now: Micros, connection: number, message: AgentToMaster): void {
    this.#agentMessage.link = connection as LinkId;
    this.#agentMessage.message = message;
    this.#step(now, this.#agentMessage);
  }

  schedulerCalled(now: Micros, connection: number, call: SchedulerCall): void {
    this.#schedulerCalled.request = ++this.#requests as RequestId;
    this.#schedulerCalled.stream = connection as StreamId;
    this.#schedulerCalled.call = call;
    this.#step(now, this.#schedulerCalled);
  }

  linkClosed(now: Micros, connection: number): void {
    this.#step(now, { kind: 'linkClosed', link: connection as LinkId });
  }

  streamClosed(now: Micros, connection: number): void {
    this.#step(now, { kind: 'streamClosed', stream: connection as StreamId });
  }

  /** MASTER_TIMER. */
  timer(now: Micros): void {
    if (!this.#timers.fires(0, now) || this.#machine === null) return;
    const deadline = this.#machine.nextDeadline();
    if (deadline !== null && deadline <= now) {
      this.#step(now, TICK);
      const next = this.#machine?.nextDeadline() ?? null;
      assert(next === null || next > now, 'after a tick the master wants none at the same instant');
    } else {
      this.#timers.arm(0, now, deadline);
    }
  }

  /** PINGS_ANSWERED: one answer for a round of pings, and none when nobody is or was missing. */
  pingsAnswered(now: Micros, epoch: number): void {
    if (this.#machine === null || epoch !== this.#epoch) return;
    const sent = micros(now - this.#world.options.master.agentPingTimeout);
    const links = this.#unresponsive.linksSilentSince(sent);
    if (links.length === 0 && this.#lastPingsMissed === 0) return;
    this.#lastPingsMissed = links.length;
    this.#step(now, { kind: 'pingsMissed', links });
  }

  /** REGISTRY_WRITTEN. */
  registryWritten(now: Micros, epoch: number): void {
    if (this.#machine === null || epoch !== this.#epoch) return;
    const upTo = this.registry.written();
    this.#step(now, { kind: 'registryDurable', upTo });
    if (this.#machine !== null) this.registry.flush(now, this.#epoch);
  }

  /** REGISTRY_TIMEOUT. */
  registryTimedOut(now: Micros, epoch: number): void {
    if (this.#machine === null || epoch !== this.#epoch) return;
    this.#step(now, { kind: 'registryFailed', reason: REGISTRY_FAILURE });
  }

  #step(now: Micros, input: MasterInput): void {
    const machine = this.#machine;
    if (machine === null) return;
    const sink = this.#sink;
    machine.step(now, input, sink);
    if (sink.count > 0) this.#perform(now);
    if (this.#mustEnd) {
      this.#mustEnd = false;
      const survivors = this.#world.stream(`abdication.${this.#endings}`).next();
      this.crash(now, this.#world.options.electionDelay, survivors);
      return;
    }
    this.#timers.arm(0, now, machine.nextDeadline());
  }

  #perform(now: Micros): void {
    const { hash, network } = this.#world;
    const { tap } = this.#world.options;
    const sink = this.#sink;
    let persists = false;
    hash.add(now);
    hash.add(MASTER_ACTOR);
    for (let index = 0; index < sink.count; index++) {
      const output = sink.at(index);
      hashMasterOutput(hash, output);
      if (tap !== null) tap.output(now, ACTOR, output);
      switch (output.kind) {
        case 'event':
          network.sendToParty(now, output.stream, output.event);
          break;
        case 'toAgent':
          network.sendToParty(now, output.link, output.message);
          break;
        case 'closeStream':
          network.closeAtMaster(now, output.stream);
          break;
        case 'closeLink':
          network.closeAtMaster(now, output.link);
          break;
        case 'refuseCall':
          this.callsRefused++;
          break;
        case 'pingAgents':
          this.#world.agenda.push(
            now + this.#world.options.master.agentPingTimeout,
            PINGS_ANSWERED,
            0,
            this.#epoch,
            null,
          );
          break;
        case 'persist':
          if (output.operation.kind === 'agentAdmitted') {
            this.#directory.admitted(output.operation.id, output.operation.info.hostname);
          }
          this.registry.persist(output.index, output.operation);
          persists = true;
          break;
        case 'answerCall':
        case 'operatorEvent':
        case 'closeOperatorStream':
        case 'authorize':
          // No operator and no authorizer take part in a replay.
          break;
        case 'abdicate':
          this.#mustEnd = true;
          break;
      }
    }
    sink.clear();
    if (persists) this.registry.flush(now, this.#epoch);
  }
}

const TICK: MasterInput = { kind: 'tick' };
