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
import type { AgentToMaster, OperatorMutation, SchedulerCall } from '../../../engine/protocol/index.ts';
import type { RegistrySnapshot } from '../../../engine/registry/index.ts';
import { MASTER_THAWS, PINGS_ANSWERED } from '../agenda/index.ts';
import type { HostClock } from './host-clock.ts';
import type { MasterEnsemble } from './master-ensemble.ts';
import { OutputList } from './output-list.ts';
import { MASTER_ACTOR, type World } from './world.ts';

/** Runs one master's process: gives its machine its inputs and carries its outputs out. A process has one machine all its life. */
export class MasterHost {
  readonly number: number;
  readonly #world: World;
  readonly #ensemble: MasterEnsemble;
  readonly #actor: { readonly kind: 'master'; readonly master: number };
  /** Null: the world's own time. */
  readonly clock: HostClock | null;
  readonly #sink = new OutputList<MasterOutput>();
  #machine: MasterMachine | null = null;
  #epoch = 0 as MasterEpoch;
  #lastPingsMissed = 0;
  #mustEnd = false;
  /** Processes that have ended on this host. */
  #outages = 0;
  #freezes = 0;
  /** What came for a process that stands still. */
  #deferred: ((now: Micros) => void)[] = [];

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

  constructor(world: World, ensemble: MasterEnsemble, number: number, clock: HostClock | null) {
    this.#world = world;
    this.#ensemble = ensemble;
    this.number = number;
    this.clock = clock;
    this.#actor = { kind: 'master', master: number };
  }

  /** The master's machine while its process is there, whether it leads or not. */
  get machine(): MasterMachine | null {
    return this.#machine;
  }

  /** Its own epoch once it was elected; 0 before. */
  get epoch(): MasterEpoch {
    return this.#epoch;
  }

  get isFrozen(): boolean {
    return this.#freezes > 0;
  }

  /** Raised whenever the process ends. */
  get outages(): number {
    return this.#outages;
  }

  // The process.

  start(now: Micros, seed: number): void {
    assert(this.#machine === null, 'a host runs one master');
    const { options } = this.#world;
    this.#epoch = 0 as MasterEpoch;
    this.#lastPingsMissed = 0;
    this.#machine = new MasterMachine(
      options.master,
      options.allocator,
      { ...options.allocatorOptions, seed },
      this.#instant(now),
    );
  }

  elected(now: Micros, epoch: MasterEpoch, registry: RegistrySnapshot): void {
    this.#epoch = epoch;
    this.#step(now, { kind: 'elected', epoch, registry });
  }

  /** The process is gone. */
  end(): MasterMachine {
    const machine = this.#machine;
    assert(machine !== null, 'only a process that is there ends');
    this.#machine = null;
    this.#mustEnd = false;
    this.#outages++;
    this.#freezes = 0;
    this.#deferred = [];
    return machine;
  }

  /** The process stands still for `duration`. False if it is not there. */
  freeze(now: Micros, duration: Micros): boolean {
    if (this.#machine === null) return false;
    this.#freezes++;
    this.#world.agenda.push(now + duration, MASTER_THAWS, this.number, this.#outages, null);
    return true;
  }

  /**
   * MASTER_THAWS: what came meanwhile happens now, in order.
   *
   * @param ticksFirst whether its timers go off before it reads what came: a process may do either
   */
  thaws(now: Micros, outage: number, ticksFirst: boolean): void {
    if (this.#outages !== outage) return;
    this.#freezes--;
    if (this.#freezes > 0) return;
    if (ticksFirst) this.timer(now);
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const happens of deferred) if (this.#outages === outage) happens(now);
    if (this.#machine !== null) this.arm(now);
  }

  /** True if the process stands still: what happens waits. */
  defers(happens: (now: Micros) => void): boolean {
    if (this.#freezes === 0) return false;
    this.#deferred.push(happens);
    return true;
  }

  // Inputs.

  agentMessage(now: Micros, connection: number, message: AgentToMaster): void {
    this.#agentMessage.link = connection as LinkId;
    this.#agentMessage.message = message;
    this.#step(now, this.#agentMessage);
  }

  schedulerCalled(now: Micros, connection: number, call: SchedulerCall, request: RequestId): void {
    this.#schedulerCalled.request = request;
    this.#schedulerCalled.stream = connection as StreamId;
    this.#schedulerCalled.call = call;
    this.#step(now, this.#schedulerCalled);
  }

  operatorCalled(now: Micros, request: RequestId, call: OperatorMutation): void {
    this.#step(now, { kind: 'operatorCalled', request, principal: null, call });
  }

  authorized(now: Micros, ticket: number, verdicts: readonly boolean[] | null): void {
    this.#step(now, { kind: 'authorized', ticket, verdicts });
  }

  linkClosed(now: Micros, connection: number): void {
    this.#step(now, { kind: 'linkClosed', link: connection as LinkId });
  }

  streamClosed(now: Micros, connection: number): void {
    this.#step(now, { kind: 'streamClosed', stream: connection as StreamId });
  }

  durable(now: Micros, upTo: number): void {
    this.#step(now, { kind: 'registryDurable', upTo });
  }

  storeFailed(now: Micros, reason: string): void {
    this.#step(now, { kind: 'registryFailed', reason });
  }

  /** The live MASTER_TIMER. */
  timer(now: Micros): void {
    if (this.#machine === null) return;
    const deadline = this.#machine.nextDeadline();
    const instant = this.#instant(now);
    if (deadline !== null && deadline <= instant) {
      this.#step(now, TICK);
      const next = this.#machine?.nextDeadline() ?? null;
      // A master that stood still, or whose clock jumped, may have several ticks to catch up on.
      const isDone = next === null || next > instant || (this.clock !== null && next > deadline);
      assert(isDone, 'after a tick the master wants none at the same instant');
    } else {
      this.arm(now);
    }
  }

  /** Arms the timer anew; also after the host's clock was set. */
  arm(now: Micros): void {
    const deadline = this.#machine?.nextDeadline() ?? null;
    if (deadline === null) return;
    const at = this.clock === null ? deadline : this.clock.whenShown(now, deadline);
    this.#ensemble.timers.arm(this.number, now, at);
  }

  /** PINGS_ANSWERED: one answer for a round of pings, and none when nobody is or was missing. */
  pingsAnswered(now: Micros, epoch: number): void {
    if (this.#machine === null || epoch !== this.#epoch) return;
    if (this.#freezes > 0) {
      this.#deferred.push((later) => this.pingsAnswered(later, epoch));
      return;
    }
    const sent = micros(now - this.#world.options.master.agentPingTimeout);
    const links = this.#ensemble.unresponsive.linksSilentSince(sent, this.number);
    if (links.length === 0 && this.#lastPingsMissed === 0) return;
    this.#lastPingsMissed = links.length;
    this.#step(now, { kind: 'pingsMissed', links });
  }

  #instant(now: Micros): Micros {
    return this.clock === null ? now : this.clock.read(now);
  }

  #step(now: Micros, input: MasterInput): void {
    const machine = this.#machine;
    if (machine === null) return;
    const { inputTap } = this.#world.options;
    if (inputTap !== null) inputTap.input(now, this.#actor, input);
    const sink = this.#sink;
    machine.step(this.#instant(now), input, sink);
    if (sink.count > 0) this.#perform(now);
    if (this.#mustEnd) {
      this.#mustEnd = false;
      this.#ensemble.abdicates(now, this);
    } else if (this.#machine === machine) {
      this.arm(now);
    }
  }

  #perform(now: Micros): void {
    const { hash, network } = this.#world;
    const { tap } = this.#world.options;
    const ensemble = this.#ensemble;
    const sink = this.#sink;
    let persists = false;
    hash.add(now);
    hash.add(MASTER_ACTOR - this.number);
    for (let index = 0; index < sink.count; index++) {
      const output = sink.at(index);
      hashMasterOutput(hash, output);
      if (tap !== null) tap.output(now, this.#actor, output);
      switch (output.kind) {
        case 'event':
          network.sendToParty(now, output.stream, output.event);
          break;
        case 'toAgent':
          network.sendToParty(now, output.link, output.message);
          break;
        case 'closeStream':
          ensemble.turnsAway(this, output.stream);
          network.closeAtMaster(now, output.stream);
          break;
        case 'closeLink':
          ensemble.turnsAway(this, output.link);
          network.closeAtMaster(now, output.link);
          break;
        case 'refuseCall':
          ensemble.callRefused(now, output);
          break;
        case 'pingAgents':
          this.#world.agenda.push(
            now + this.#world.options.master.agentPingTimeout,
            PINGS_ANSWERED,
            this.number,
            this.#epoch,
            null,
          );
          break;
        case 'persist':
          ensemble.persist(now, this, output.index, output.operation);
          persists = true;
          break;
        case 'answerCall':
          ensemble.callAnswered(now, output);
          break;
        case 'authorize':
          ensemble.authorize(now, this, output.ticket, output.requests.length);
          break;
        case 'operatorEvent':
        case 'closeOperatorStream':
          // No operator listens in a simulation.
          break;
        case 'abdicate':
          this.#mustEnd = true;
          break;
      }
    }
    if (ensemble.moments !== null) ensemble.moments.stepped(now, this.number, sink);
    sink.clear();
    if (persists) ensemble.flush(now, this);
  }
}

const TICK: MasterInput = { kind: 'tick' };
