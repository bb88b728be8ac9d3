import { assert, assertNever, type Micros, micros } from '../../../engine/core/index.ts';
import type { MasterToAgent, SchedulerEvent } from '../../../engine/protocol/index.ts';
import * as events from '../agenda/index.ts';
import { VirtualContainerFaults } from '../containers/index.ts';
import { checkCluster, checkClusterSettled, checkMachines } from '../invariants/index.ts';
import { AgentFleet } from './agent-fleet.ts';
import { FaultDirector } from './fault-director.ts';
import type { LeaderView } from './leader-view.ts';
import { MachineDirectory } from './machine-directory.ts';
import { MasterEnsemble } from './master-ensemble.ts';
import type { SchedulerSide } from './scheduler-side.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { World } from './world.ts';

/** What of the agenda's events is not the cluster's own. */
export interface OtherEvents {
  happened(now: Micros, kind: number): void;
}

/**
 * A cluster in virtual time: masters, machines with their agents, schedulers, a network between them, and what goes wrong. What happens is
 * a function of the options and of what the schedulers do. `advanceOne` lets the next event happen; in between everything may be looked at.
 */
export class Cluster<Schedulers extends SchedulerSide> {
  readonly world: World;
  readonly masters: MasterEnsemble;
  readonly agents: AgentFleet;
  readonly schedulers: Schedulers;
  readonly faults: FaultDirector;
  readonly directory: MachineDirectory;
  readonly #others: OtherEvents | null;
  /** Events that have happened. */
  events = 0;

  /** @param makeSchedulers makes the parties behind the machines, such as `new SchedulerFleet(world, factory, masters)` */
  constructor(
    options: SimulationOptions,
    makeSchedulers: (world: World, masters: LeaderView) => Schedulers,
    others: OtherEvents | null = null,
  ) {
    this.#others = others;
    this.directory = new MachineDirectory(options.machines);
    // Parties look at the masters when they connect, which is after all of them are made.
    const masters: LeaderView = {
      leaderFor: (party) => this.masters.leaderFor(party),
      isSilent: (master) => this.masters.isSilent(master),
    };
    this.world = new World(options, { struck: (mischief, party) => this.faults.struck(mischief, party) });
    this.schedulers = makeSchedulers(this.world, masters);
    this.agents = new AgentFleet(this.world, (id, task) => this.schedulers.runMicrosOf(id, task), masters);
    this.masters = new MasterEnsemble(this.world, this.directory, this.agents);
    this.masters.listenFor({ leaderChanged: (now, party) => this.#leaderChanged(now, party) });
    const containerFaults = new VirtualContainerFaults(
      this.agents.containers,
      (machine) => options.machines[machine]!.name,
    );
    this.faults = new FaultDirector(this.world, this.masters, this.agents, this.schedulers, containerFaults);
  }

  get now(): Micros {
    return this.world.now;
  }

  /** Instant of the next event; `Infinity` if there is none. */
  get nextTime(): number {
    return this.world.agenda.nextTime;
  }

  /** Hash over every output so far, with its instant and its author. */
  hash(): string {
    return this.world.hash.digest();
  }

  /** Lets the next event happen; false if there is none. */
  advanceOne(): boolean {
    const { agenda } = this.world;
    if (!agenda.pop()) return false;
    this.events++;
    const now = micros(agenda.time);
    this.world.now = now;
    this.#happen(now, agenda.kind, agenda.target, agenda.detail);
    return true;
  }

  /** Lets everything up to `instant` happen. */
  advanceTo(instant: Micros): void {
    while (this.nextTime <= instant) this.advanceOne();
    if (instant > this.world.now) this.world.now = instant;
  }

  /** Throws InvariantError if any machine's books, or two machines' books, contradict each other. O(everything). */
  checkInvariants(): void {
    checkMachines(this.masters, this.agents, this.schedulers);
    checkCluster(this.masters, this.agents);
  }

  /**
   * Throws InvariantError unless masters and agents have come to rest, as they have `settlingBound` after everything healed if schedulers
   * want nothing any more.
   */
  checkSettled(): void {
    this.checkInvariants();
    assert(!this.faults.isCureUnderWay, 'nothing is broken any more');
    checkClusterSettled(this.masters, this.agents);
  }

  #happen(now: Micros, kind: number, target: number, detail: number): void {
    const { agenda, network } = this.world;
    switch (kind) {
      case events.MESSAGE_AT_MASTER:
        this.masters.messageArrived(
          now,
          target,
          agenda.payload!,
          network.partyOf(target) < this.agents.count,
        );
        break;
      case events.MESSAGE_AT_PARTY: {
        const isAgent = network.partyOf(target) < this.agents.count;
        if (isAgent) this.agents.messageArrived(now, target, agenda.payload as MasterToAgent);
        else this.schedulers.eventArrived(now, target, agenda.payload as SchedulerEvent);
        break;
      }
      case events.CLOSED_AT_MASTER:
      case events.TIMEOUT_AT_MASTER: {
        const isTimeout = kind === events.TIMEOUT_AT_MASTER;
        const isAgent = network.partyOf(target) < this.agents.count;
        this.masters.connectionEnds(now, target, isTimeout, isAgent);
        break;
      }
      case events.CLOSED_AT_PARTY:
      case events.TIMEOUT_AT_PARTY: {
        const isTimeout = kind === events.TIMEOUT_AT_PARTY;
        const isAgent = network.partyOf(target) < this.agents.count;
        if (isAgent) this.agents.connectionEnds(now, target, isTimeout);
        else this.schedulers.connectionEnds(now, target, isTimeout);
        break;
      }
      case events.CONNECT:
        if (target < this.agents.count) this.agents.connect(now, target, detail);
        else this.schedulers.connect(now, target, detail);
        break;
      case events.CONTAINER_STARTED:
        this.agents.containerStarted(now, target, detail);
        break;
      case events.CONTAINER_EXITED:
        this.agents.containerExited(now, target, detail);
        break;
      case events.CONTAINER_UPDATED:
        this.agents.containerUpdated(now, target, detail);
        break;
      case events.MASTER_TIMER:
        this.masters.timer(now, target);
        break;
      case events.AGENT_TIMER:
        this.agents.timer(now, target);
        break;
      case events.FRAMEWORK_TIMER:
        this.schedulers.timer(now, target);
        break;
      case events.PINGS_MISSED_AT_AGENT:
        this.agents.pingsMissed(now, target, detail);
        break;
      case events.AGENT_RETURNS:
        this.agents.returns(now, target, detail);
        break;
      case events.AGENT_THAWS:
        this.agents.thaws(now, target, detail);
        break;
      case events.FAULT:
        this.faults.strike(now);
        break;
      case events.FAULTS_DRAWN:
        this.faults.drawWindow();
        break;
      case events.MACHINE_EVENT:
        this.faults.machineEvent(now);
        break;
      case events.LATER:
        this.world.happens(now, target);
        break;
      case events.JOBS_ARRIVE:
      case events.SAMPLE:
        assert(this.#others !== null, 'whoever plans work or samples hears of them');
        this.#others.happened(now, kind);
        break;
      case events.MASTER_STARTS:
      case events.MASTER_THAWS:
      case events.PINGS_ANSWERED:
      case events.AUTHORIZED:
      case events.REGISTRY_WRITTEN:
      case events.REGISTRY_TIMEOUT:
      case events.STORE_CALLED:
      case events.STORE_APPLIES:
      case events.STORE_ANSWERS:
      case events.STORE_TIMEOUT:
      case events.STORE_WATCHED:
      case events.LEASES_EXPIRE:
      case events.SESSION_TIMER:
      case events.LEADER_DETECTED:
        this.masters.happened(now, kind, target, detail);
        break;
      default:
        assertNever(kind as never);
    }
  }

  #leaderChanged(now: Micros, party: number): void {
    if (party < this.agents.count) this.agents.leaderChanged(now, party);
    else this.schedulers.leaderChanged(now, party);
  }
}
