import { assertNever, type Micros, micros } from '../../../engine/core/index.ts';
import type {
  AgentToMaster,
  MasterToAgent,
  SchedulerCall,
  SchedulerEvent,
} from '../../../engine/protocol/index.ts';
import type { LinkId, MasterInput, RequestId, StreamId } from '../../../engine/master/index.ts';
import type { ChaosOptions } from '../../../frameworks/chaos/index.ts';
import * as events from '../agenda/index.ts';
import { AgentFleet } from '../world/agent-fleet.ts';
import { FaultDirector } from '../world/fault-director.ts';
import type { FrameworkFleet } from '../world/framework-fleet.ts';
import { MachineDirectory } from '../world/machine-directory.ts';
import { MasterHost } from '../world/master-host.ts';
import type { SimulationOptions } from '../world/simulation-options.ts';
import { World } from '../world/world.ts';
import { SchedulerFleet } from './scheduler-fleet.ts';

/** A cluster of chaos frameworks in virtual time. */
export class HuntCluster {
  readonly world: World;
  readonly agents: AgentFleet;
  readonly frameworks: SchedulerFleet;
  readonly master: MasterHost;
  readonly faults: FaultDirector;
  readonly directory: MachineDirectory;
  events = 0;

  readonly #input: (now: Micros, input: MasterInput) => void;

  constructor(
    options: SimulationOptions,
    chaos: readonly ChaosOptions[],
    input: (now: Micros, input: MasterInput) => void,
  ) {
    this.#input = input;
    this.directory = new MachineDirectory(options.machines);
    const isReachable = (): boolean => this.master.isReachable;
    this.world = new World(options, { struck: (mischief, party) => this.faults.struck(mischief, party) });
    this.frameworks = new SchedulerFleet(this.world, chaos, isReachable);
    this.agents = new AgentFleet(
      this.world,
      (id, task) => this.frameworks.runMicrosOf(id, task),
      isReachable,
    );
    this.master = new MasterHost(this.world, this.directory, this.agents);
    this.faults = new FaultDirector(
      this.world,
      this.master,
      this.agents,
      this.frameworks as unknown as FrameworkFleet,
    );
  }

  get now(): Micros {
    return this.world.now;
  }

  get nextTime(): number {
    return this.world.agenda.nextTime;
  }

  /** Lets the next event happen. */
  next(): void {
    const { agenda } = this.world;
    if (!agenda.pop()) return;
    this.events++;
    const now = micros(agenda.time);
    this.world.now = now;
    this.#happen(now, agenda.kind, agenda.target, agenda.detail);
  }

  #happen(now: Micros, kind: number, target: number, detail: number): void {
    const { agenda, network } = this.world;
    switch (kind) {
      case events.MESSAGE_AT_MASTER: {
        if (!network.arrivesAtMaster(target)) break;
        const isAgent = network.partyOf(target) < this.agents.count;
        if (isAgent)
          this.#input(now, {
            kind: 'agentMessage',
            link: target as LinkId,
            message: agenda.payload as AgentToMaster,
          });
        else
          this.#input(now, {
            kind: 'schedulerCalled',
            request: 0 as RequestId,
            principal: null,
            stream: target as StreamId,
            call: agenda.payload as SchedulerCall,
          });
        if (isAgent) this.master.agentMessage(now, target, agenda.payload as AgentToMaster);
        else this.master.schedulerCalled(now, target, agenda.payload as SchedulerCall);
        break;
      }
      case events.MESSAGE_AT_PARTY: {
        const isAgent = network.partyOf(target) < this.agents.count;
        if (isAgent) this.agents.messageArrived(now, target, agenda.payload as MasterToAgent);
        else this.frameworks.eventArrived(now, target, agenda.payload as SchedulerEvent);
        break;
      }
      case events.CLOSED_AT_MASTER:
      case events.TIMEOUT_AT_MASTER:
        if (!network.endsAtMaster(now, target, kind === events.TIMEOUT_AT_MASTER)) break;
        if (network.partyOf(target) < this.agents.count)
          this.#input(now, { kind: 'linkClosed', link: target as LinkId });
        else this.#input(now, { kind: 'streamClosed', stream: target as StreamId });
        if (network.partyOf(target) < this.agents.count) this.master.linkClosed(now, target);
        else this.master.streamClosed(now, target);
        break;
      case events.CLOSED_AT_PARTY:
      case events.TIMEOUT_AT_PARTY: {
        const isTimeout = kind === events.TIMEOUT_AT_PARTY;
        const isAgent = network.partyOf(target) < this.agents.count;
        if (isAgent) this.agents.connectionEnds(now, target, isTimeout);
        else this.frameworks.connectionEnds(now, target, isTimeout);
        break;
      }
      case events.CONNECT:
        if (target < this.agents.count) this.agents.connect(now, target, detail);
        else this.frameworks.connect(now, this.frameworks.numberOf(target), detail);
        break;
      case events.CONTAINER_STARTED:
        this.agents.containerStarted(now, target, detail);
        break;
      case events.CONTAINER_EXITED:
        this.agents.containerExited(now, target, detail);
        break;
      case events.MASTER_TIMER:
        this.master.timer(now);
        break;
      case events.AGENT_TIMER:
        this.agents.timer(now, target);
        break;
      case events.FRAMEWORK_TIMER:
        this.frameworks.timer(now, target);
        break;
      case events.PINGS_ANSWERED:
        this.master.pingsAnswered(now, detail);
        break;
      case events.PINGS_MISSED_AT_AGENT:
        this.agents.pingsMissed(now, target, detail);
        break;
      case events.REGISTRY_WRITTEN:
        this.master.registryWritten(now, detail);
        break;
      case events.REGISTRY_TIMEOUT:
        this.master.registryTimedOut(now, detail);
        break;
      case events.MASTER_ELECTED:
        this.master.elected(now);
        if (this.master.machine !== null)
          this.#input(now, {
            kind: 'elected',
            epoch: this.master.machine.epoch,
            registry: this.master.registry.state.snapshot(),
          });
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
      case events.PARTITION_HEALS:
        this.faults.heal(now, target);
        break;
      case events.REGISTRY_RECOVERS:
        this.faults.registryRecovers();
        break;
      default:
        assertNever(kind as never);
    }
  }
}
