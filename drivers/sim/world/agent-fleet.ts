import {
  type AgentCheckpoint,
  type AgentInput,
  AgentMachine,
  type AgentOptions,
  type AgentOutput,
  type ContainerExit,
  type ContainerHandle,
  type ContainerSpec,
  NO_CONTAINER,
  hashAgentOutput,
} from '../../../engine/agent/index.ts';
import {
  assert,
  type FrameworkId,
  type Micros,
  MICROS_PER_MILLISECOND,
  micros,
  type Rng,
  type TaskId,
} from '../../../engine/core/index.ts';
import type { LinkId } from '../../../engine/master/index.ts';
import {
  ALL_AGENT_CAPABILITIES,
  NOTHING_MEASURED,
  type MasterToAgent,
  type ResourceStatistics,
} from '../../../engine/protocol/index.ts';
import {
  AGENT_RETURNS,
  AGENT_THAWS,
  AGENT_TIMER,
  CONNECT,
  CONTAINER_UPDATED,
  PINGS_MISSED_AT_AGENT,
} from '../agenda/index.ts';
import {
  CONTAINER_STARTING,
  CRASH,
  DISK_LIMIT,
  LAUNCH_FAILURE,
  MEMORY_LIMIT,
  SIGKILL,
  SIGTERM,
  VirtualContainers,
  VirtualExecutors,
  VirtualProber,
} from '../containers/index.ts';
import { Backoffs } from './backoffs.ts';
import { DeadlineTimers } from './deadline-timers.ts';
import { type LeaderView, NO_MASTER } from './leader-view.ts';
import { OutputList } from './output-list.ts';
import type { Message, World } from './world.ts';

/** Machine off, or nothing left on it. */
const DOWN = 0;
/** The agent's process is away, its containers live on. */
const PROCESS_AWAY = 1;
const UP = 2;

const AGENT_PORT = 5051;
const AGENT_VERSION = '1.12.0';

/** How a container ended that did not end by itself in its time. */
function exitOf(signal: number): ContainerExit {
  switch (signal) {
    case SIGKILL:
      return EXITED_BY_KILL;
    case SIGTERM:
      return EXITED_BY_TERM;
    case LAUNCH_FAILURE:
      return {
        code: null,
        signal: null,
        cause: 'LAUNCH_FAILED',
        message: 'The container could not be started',
      };
    case MEMORY_LIMIT:
      return { code: null, signal: SIGKILL, cause: 'MEMORY_LIMIT', message: 'Memory limit exceeded' };
    case DISK_LIMIT:
      return { code: null, signal: SIGKILL, cause: 'DISK_LIMIT', message: 'Disk usage exceeds quota' };
    default:
      assert(signal === CRASH, 'a container ends in a known way');
      return { code: 1, signal: null, cause: null, message: null };
  }
}

const EXITED_BY_ITSELF: ContainerExit = { code: 0, signal: null, cause: null, message: null };
const EXITED_BY_TERM: ContainerExit = { code: null, signal: SIGTERM, cause: null, message: null };
const EXITED_BY_KILL: ContainerExit = { code: null, signal: SIGKILL, cause: null, message: null };
const EXITED_UNSEEN: ContainerExit = { code: null, signal: null, cause: 'GONE', message: null };

/** What a task runs for, asked when its container is launched. */
export type RunTimes = (frameworkId: FrameworkId, taskId: TaskId) => number;

/** Something that reached a frozen process: it happens when the process goes on. */
type Deferred =
  | { readonly kind: 'message'; readonly connection: number; readonly message: MasterToAgent }
  | { readonly kind: 'closed'; readonly connection: number; readonly isTimeout: boolean }
  | { readonly kind: 'connect'; readonly attempt: number }
  | { readonly kind: 'input'; readonly input: AgentInput };

/** Machines with their agents, disks and containers. Machine `m` is party `m` of the network. */
export class AgentFleet {
  readonly containers: VirtualContainers<Message>;
  readonly prober: VirtualProber;
  readonly #executors: VirtualExecutors;
  /** Machines that will come back by themselves; a run with one is not stuck. */
  returning = 0;
  readonly #world: World;
  readonly #runTimes: RunTimes;
  readonly #masters: LeaderView;
  readonly #makeMachine: (options: AgentOptions) => AgentMachine;
  readonly #sink = new OutputList<AgentOutput>();
  readonly #timers: DeadlineTimers;
  readonly #backoffs: Backoffs;
  readonly #pings: Rng;
  readonly #options: AgentOptions[];

  readonly #machines: (AgentMachine | null)[];
  readonly #disks: (AgentCheckpoint | null)[];
  readonly #states: Uint8Array;
  /** Raised whenever a machine goes down, so that an earlier return is not taken for the later one's. */
  readonly #outages: Int32Array;
  /** Freezes under way per machine. */
  readonly #freezes: Uint8Array;
  readonly #deferred = new Map<number, Deferred[]>();
  /** Containers that ended while nobody looked, per machine. */
  readonly #unseenExits = new Map<number, { container: ContainerHandle; exit: ContainerExit }[]>();
  /** Since when an agent has not answered a master's pings; by way, machine × masters + master. */
  readonly #silent = new Map<number, Micros>();

  readonly #masterMessage: { readonly kind: 'masterMessage'; message: MasterToAgent } = {
    kind: 'masterMessage',
    message: { type: 'SHUTDOWN', message: '' },
  };
  readonly #containerStarted: {
    readonly kind: 'containerStarted';
    container: ContainerHandle;
    readonly status: null;
  } = { kind: 'containerStarted', container: NO_CONTAINER, status: null };
  readonly #containerExited: {
    readonly kind: 'containerExited';
    container: ContainerHandle;
    exit: ContainerExit;
  } = { kind: 'containerExited', container: NO_CONTAINER, exit: EXITED_BY_ITSELF };

  /** @param makeMachine what decides in each new process of an agent; contract tests put a script there */
  constructor(
    world: World,
    runTimes: RunTimes,
    masters: LeaderView,
    makeMachine: (options: AgentOptions) => AgentMachine = (options) => new AgentMachine(options),
  ) {
    this.#world = world;
    this.#runTimes = runTimes;
    this.#masters = masters;
    this.#makeMachine = makeMachine;
    const { machines, agent } = world.options;
    const count = machines.length;
    const seeds = world.stream('agents');
    this.#options = machines.map((spec) => ({
      info: {
        id: null,
        hostname: spec.name,
        ip: null,
        port: AGENT_PORT,
        resources: spec.resources,
        attributes: spec.attributes,
        domain: spec.domain,
        capabilities: ALL_AGENT_CAPABILITIES,
        version: AGENT_VERSION,
      },
      seed: seeds.next() | 0,
      settings: agent,
    }));
    this.containers = new VirtualContainers(world.agenda, world.options.containers, count);
    this.#executors = new VirtualExecutors({
      later: (at, happens) => this.#world.later(at, happens),
      isUp: (machine) => this.isUp(machine),
      tell: (now, machine, input) => this.#tellOfContainer(now, machine, input),
      exit: (now, machine, container) => this.containers.exit(now, machine, container),
      hangsUntil: (machine, container) => this.containers.hangsUntil(machine, container),
      runMicros: (frameworkId, taskId) => this.#runTimes(frameworkId, taskId),
    });
    this.prober = new VirtualProber({
      later: (at, happens) => this.#world.later(at, happens),
      isRunning: (machine, container) => this.containers.isThere(machine, container),
      hangsUntil: (machine, container) => this.containers.hangsUntil(machine, container),
      tell: (now, machine, input) => this.#tellOfContainer(now, machine, input),
    });
    this.#timers = new DeadlineTimers(world.agenda, AGENT_TIMER, count);
    this.#backoffs = new Backoffs(world.options.network, world.stream('agentBackoff'));
    this.#pings = world.stream('agentPings');
    this.#machines = machines.map(() => null);
    this.#disks = machines.map(() => null);
    this.#states = new Uint8Array(count);
    this.#outages = new Int32Array(count);
    this.#freezes = new Uint8Array(count);
  }

  get count(): number {
    return this.#machines.length;
  }

  /** The agent's machine while its process runs. For checks. */
  agent(machine: number): AgentMachine | null {
    return this.#machines[machine]!;
  }

  isUp(machine: number): boolean {
    return this.#states[machine] === UP;
  }

  isFrozen(machine: number): boolean {
    return this.#freezes[machine]! > 0;
  }

  // Coming and going.

  /** Switches a machine on. Its disk is as it was left. */
  boot(now: Micros, machine: number): void {
    if (this.#states[machine] !== DOWN) return;
    this.#start(now, machine, false);
  }

  /** The machine stops without a word: containers are dead, and the disk too unless kept. False if it was off already. */
  crash(now: Micros, machine: number, keepsDisk: boolean): boolean {
    if (this.#states[machine] === DOWN) return false;
    if (this.#states[machine] === UP) this.#disks[machine] = this.#machines[machine]!.checkpoint();
    if (!keepsDisk) this.#disks[machine] = null;
    this.#world.network.vanishAtParty(now, this.#world.network.connectionOf(machine));
    this.#end(now, machine, DOWN);
    return true;
  }

  /** The agent's process ends; containers live on, and its connection closes in good order. False if it does not run. */
  stopProcess(now: Micros, machine: number): boolean {
    if (this.#states[machine] !== UP) return false;
    this.#disks[machine] = this.#machines[machine]!.checkpoint();
    this.#keepUnseenExits(machine);
    this.#world.network.closeAtParty(now, this.#world.network.connectionOf(machine));
    this.#end(now, machine, PROCESS_AWAY);
    return true;
  }

  /** The machine of a process that is away goes down in good order: its containers end, its disk stays as it is. */
  switchOff(now: Micros, machine: number): void {
    assert(this.#states[machine] === PROCESS_AWAY, 'only a machine whose process is away is switched off');
    this.#states[machine] = DOWN;
    this.containers.killAll(machine);
    this.#executors.machineDown(machine);
    this.#unseenExits.delete(machine);
    this.refreshResponsiveness(now, machine);
  }

  /** What a process that is away has checkpointed is lost; its containers live on. */
  wipe(machine: number): void {
    assert(this.#states[machine] === PROCESS_AWAY, 'only the disk of a process that is away is wiped');
    this.#disks[machine] = null;
  }

  /** Plans the return of a machine, or of the process on it. */
  returnAfter(now: Micros, machine: number, delay: Micros): void {
    this.returning++;
    this.#world.agenda.push(now + delay, AGENT_RETURNS, machine, this.#outages[machine]!, null);
  }

  /** AGENT_RETURNS. */
  returns(now: Micros, machine: number, outage: number): void {
    this.returning--;
    if (this.#outages[machine] !== outage || this.#states[machine] === UP) return;
    this.#start(now, machine, this.#states[machine] === PROCESS_AWAY);
  }

  /** The agent's process stops doing anything. False if it does not run. */
  freeze(now: Micros, machine: number, duration: Micros): boolean {
    if (this.#states[machine] !== UP || this.#freezes[machine] === 255) return false;
    this.#freezes[machine]!++;
    this.returning++;
    this.#world.agenda.push(now + duration, AGENT_THAWS, machine, this.#outages[machine]!, null);
    this.refreshResponsiveness(now, machine);
    return true;
  }

  /** AGENT_THAWS: what came meanwhile happens now, in order. */
  thaws(now: Micros, machine: number, outage: number): void {
    this.returning--;
    if (this.#outages[machine] !== outage) return;
    this.#freezes[machine]!--;
    if (this.#freezes[machine]! > 0) return;
    this.refreshResponsiveness(now, machine);
    const deferred = this.#deferred.get(machine) ?? [];
    this.#deferred.delete(machine);
    for (const each of deferred) {
      // An order among these may have ended the process.
      if (this.#states[machine] !== UP) return;
      this.#happen(now, machine, each);
    }
    if (this.#states[machine] === UP) this.#timers.arm(machine, now, this.#machines[machine]!.nextDeadline());
  }

  // Network.

  /** MESSAGE_AT_PARTY. */
  messageArrived(now: Micros, connection: number, message: MasterToAgent): void {
    const { network } = this.#world;
    const machine = network.partyOf(connection);
    if (this.#freezes[machine]! > 0) {
      this.#defer(machine, { kind: 'message', connection, message });
    } else if (network.arrivesAtParty(connection)) {
      this.#masterMessage.message = message;
      this.#step(now, machine, this.#masterMessage);
    }
  }

  /** CLOSED_AT_PARTY, TIMEOUT_AT_PARTY. */
  connectionEnds(now: Micros, connection: number, isTimeout: boolean): void {
    const machine = this.#world.network.partyOf(connection);
    if (this.#freezes[machine]! > 0) {
      this.#defer(machine, { kind: 'closed', connection, isTimeout });
    } else if (this.#world.network.endsAtParty(now, connection, isTimeout)) {
      this.#step(now, machine, LINK_CLOSED);
    }
  }

  /** CONNECT: succeeds if a master leads and both ways are open; else another attempt follows. */
  connect(now: Micros, machine: number, attempt: number): void {
    if (this.#states[machine] !== UP || !this.#backoffs.isCurrent(machine, attempt)) return;
    if (this.#freezes[machine]! > 0) {
      this.#defer(machine, { kind: 'connect', attempt });
      return;
    }
    const { network, agenda } = this.#world;
    const master = this.#masters.leaderFor(machine);
    if (master === NO_MASTER || !network.isOpen(machine, master)) {
      agenda.push(now + this.#backoffs.failed(machine), CONNECT, machine, attempt, null);
      return;
    }
    network.open(machine, master);
    this.#step(now, machine, LINK_OPENED);
  }

  /** A way to or from the machine was blocked or unblocked. */
  waysChanged(now: Micros, machine: number): void {
    this.refreshResponsiveness(now, machine);
    this.#awaitSilence(now, machine);
  }

  /** The master's process stands still from now on: agents that are connected to it hear no pings. */
  masterFell(now: Micros, master: number): void {
    const { network } = this.#world;
    for (let machine = 0; machine < this.count; machine++) {
      const connection = network.connectionOf(machine);
      if (connection !== 0 && network.masterOf(connection) === master) this.#awaitSilence(now, machine);
    }
  }

  /** The party now takes another master for the leader: a connection to any other is given up. */
  leaderChanged(now: Micros, machine: number): void {
    const { network } = this.#world;
    const connection = network.connectionOf(machine);
    if (connection === 0 || this.#states[machine] !== UP) return;
    const master = this.#masters.leaderFor(machine);
    if (master === NO_MASTER || master === network.masterOf(connection)) return;
    if (this.#freezes[machine]! > 0) this.#defer(machine, { kind: 'closed', connection, isTimeout: false });
    else if (network.endsAtParty(now, connection, false)) this.#step(now, machine, LINK_CLOSED);
  }

  /** The master's pings will be missed unless it is heard again. */
  #awaitSilence(now: Micros, machine: number): void {
    const connection = this.#world.network.connectionOf(machine);
    if (!this.#isDeafOn(machine, connection)) return;
    const { agentPingTimeout, maxAgentPingTimeouts } = this.#world.options.master;
    // The last ping came up to one period ago.
    const silence = agentPingTimeout * maxAgentPingTimeouts - this.#pings.below(agentPingTimeout);
    this.#world.agenda.push(now + silence, PINGS_MISSED_AT_AGENT, machine, connection, null);
  }

  /** Whether nothing of the master reaches the machine on its open connection. */
  #isDeafOn(machine: number, connection: number): boolean {
    if (connection === 0) return false;
    const { network } = this.#world;
    const master = network.masterOf(connection);
    return network.isBlocked(machine, master, 'fromMaster') || this.#masters.isSilent(master);
  }

  /** PINGS_MISSED_AT_AGENT. */
  pingsMissed(now: Micros, machine: number, connection: number): void {
    const { network } = this.#world;
    if (network.connectionOf(machine) !== connection || !this.#isDeafOn(machine, connection)) return;
    if (this.#freezes[machine]! > 0) this.#defer(machine, { kind: 'input', input: PINGS_MISSED });
    else this.#step(now, machine, PINGS_MISSED);
  }

  /** Keeps the list of agents that do not answer pings; called after whatever may change that. */
  refreshResponsiveness(now: Micros, machine: number): void {
    const { network } = this.#world;
    const isAwake = this.#states[machine] === UP && this.#freezes[machine] === 0;
    for (let master = 0; master < network.masters; master++) {
      const way = machine * network.masters + master;
      if (isAwake && network.isOpen(machine, master)) this.#silent.delete(way);
      else if (!this.#silent.has(way)) this.#silent.set(way, now);
    }
  }

  /** Links that the master holds open to agents that have not answered since then. */
  linksSilentSince(since: Micros, master: number): readonly LinkId[] {
    const { network } = this.#world;
    const links: LinkId[] = [];
    for (const [way, from] of this.#silent) {
      const machine = Math.floor(way / network.masters);
      if (from > since || way !== machine * network.masters + master) continue;
      const connection = network.masterConnectionOf(machine, master);
      if (connection !== 0) links.push(connection as LinkId);
    }
    return links;
  }

  // Containers and timers.

  /** CONTAINER_STARTED. */
  containerStarted(now: Micros, slot: number, generation: number): void {
    if (!this.containers.started(now, slot, generation)) return;
    const { table } = this.containers;
    const machine = table.machine(slot);
    const input = this.#containerStarted;
    const handle = table.handle(slot);
    input.container = handle;
    const isExecutor = table.run(slot) === Infinity;
    this.#tellOfContainer(now, machine, input);
    if (isExecutor) this.#executors.started(now, machine, handle);
  }

  /** CONTAINER_EXITED. */
  containerExited(now: Micros, slot: number, generation: number): void {
    if (!this.containers.isLive(now, slot, generation)) return;
    const { table } = this.containers;
    const machine = table.machine(slot);
    const signal = table.signal(slot);
    const input = this.#containerExited;
    input.container = table.handle(slot);
    input.exit = signal === 0 ? EXITED_BY_ITSELF : exitOf(signal);
    const handle = input.container;
    const stream = table.run(slot) === Infinity ? this.#executors.ended(machine, handle) : null;
    table.remove(slot);
    // The run is under way as long as an end has not been told of, however long the container ran.
    this.#world.lastProgress = now;
    if (stream !== null) this.#tellOfContainer(now, machine, { kind: 'executorStreamClosed', stream });
    this.#tellOfContainer(now, machine, input);
    this.prober.ended(now, machine, handle);
  }

  /** CONTAINER_UPDATED: virtual containers that run have room for whatever their agent wants. */
  containerUpdated(now: Micros, machine: number, handle: number): void {
    const container = handle as ContainerHandle;
    const failure = this.containers.isThere(machine, container) ? null : 'The container does not run';
    this.#tellOfContainer(now, machine, { kind: 'containerUpdated', container, failure });
  }

  /** AGENT_TIMER. */
  timer(now: Micros, machine: number): void {
    if (!this.#timers.fires(machine, now) || this.#states[machine] !== UP || this.#freezes[machine]! > 0)
      return;
    const deadline = this.#machines[machine]!.nextDeadline();
    if (deadline !== null && deadline <= now) {
      this.#step(now, machine, TICK);
      const next = this.#machines[machine]?.nextDeadline() ?? null;
      assert(next === null || next > now, 'after a tick an agent wants none at the same instant');
    } else {
      this.#timers.arm(machine, now, deadline);
    }
  }

  #tellOfContainer(now: Micros, machine: number, input: AgentInput): void {
    if (this.#states[machine] === UP && this.#freezes[machine] === 0) {
      this.#step(now, machine, input);
    } else if (this.#states[machine] === UP) {
      // The input object is reused: what waits is a copy.
      this.#defer(machine, { kind: 'input', input: { ...input } });
    } else if (input.kind === 'containerExited') {
      const { container, exit } = input;
      this.#unseen(machine).push({ container, exit });
    }
  }

  // Process life.

  #start(now: Micros, machine: number, containersAlive: boolean): void {
    const recovered = this.#disks[machine]!;
    const agent = this.#makeMachine(this.#options[machine]!);
    this.#machines[machine] = agent;
    this.#disks[machine] = null;
    this.#states[machine] = UP;
    this.#world.lastProgress = now;
    this.refreshResponsiveness(now, machine);
    this.#step(now, machine, { kind: 'started', recovered, containersAlive });
    if (containersAlive) this.#reattach(now, machine, recovered);
    if (this.#states[machine] === UP) this.#reconnect(now, machine);
  }

  /** Containers that the disk does not name end; of the others the agent hears again. */
  #reattach(now: Micros, machine: number, recovered: AgentCheckpoint | null): void {
    const { table } = this.containers;
    const exits = this.#unseenExits.get(machine) ?? [];
    this.#unseenExits.delete(machine);
    const known = new Set<number>();
    const inputs: AgentInput[] = [];
    for (const container of recovered === null ? [] : containersOf(recovered)) {
      const slot = table.find(machine, container);
      if (slot >= 0) {
        known.add(slot);
        // One that still starts will say so itself.
        if (table.state(slot) !== CONTAINER_STARTING)
          inputs.push({ kind: 'containerStarted', container, status: null });
        continue;
      }
      const seen = exits.find((one) => one.container === container);
      inputs.push({ kind: 'containerExited', container, exit: seen?.exit ?? EXITED_UNSEEN });
    }
    for (let slot = table.first(machine); slot >= 0; ) {
      const next = table.next(slot);
      if (!known.has(slot)) {
        this.#executors.ended(machine, table.handle(slot));
        table.remove(slot);
      }
      slot = next;
    }
    for (const input of inputs) if (this.#states[machine] === UP) this.#step(now, machine, input);
    this.#executors.agentCame(now, machine);
  }

  /** The process is gone; so are containers if the machine is. */
  #end(now: Micros, machine: number, state: typeof DOWN | typeof PROCESS_AWAY): void {
    this.#machines[machine] = null;
    this.#states[machine] = state;
    this.#outages[machine]!++;
    this.#freezes[machine] = 0;
    this.#deferred.delete(machine);
    this.#timers.disarm(machine);
    this.#backoffs.cancel(machine);
    this.prober.agentLeft(machine);
    if (state === PROCESS_AWAY) this.#executors.agentLeft(this.#world.now, machine);
    if (state === DOWN) {
      this.containers.killAll(machine);
      this.#executors.machineDown(machine);
      this.#unseenExits.delete(machine);
    }
    this.refreshResponsiveness(now, machine);
  }

  /** Exits that a frozen process has not seen are still there for the next process. */
  #keepUnseenExits(machine: number): void {
    for (const each of this.#deferred.get(machine) ?? []) {
      if (each.kind !== 'input' || each.input.kind !== 'containerExited') continue;
      const { container, exit } = each.input;
      this.#unseen(machine).push({ container, exit });
    }
  }

  #unseen(machine: number): { container: ContainerHandle; exit: ContainerExit }[] {
    let list = this.#unseenExits.get(machine);
    if (list === undefined) {
      list = [];
      this.#unseenExits.set(machine, list);
    }
    return list;
  }

  #defer(machine: number, deferred: Deferred): void {
    let list = this.#deferred.get(machine);
    if (list === undefined) {
      list = [];
      this.#deferred.set(machine, list);
    }
    list.push(deferred);
  }

  #happen(now: Micros, machine: number, deferred: Deferred): void {
    switch (deferred.kind) {
      case 'message':
        this.messageArrived(now, deferred.connection, deferred.message);
        break;
      case 'closed':
        this.connectionEnds(now, deferred.connection, deferred.isTimeout);
        break;
      case 'connect':
        this.connect(now, machine, deferred.attempt);
        break;
      case 'input':
        this.#step(now, machine, deferred.input);
        break;
    }
  }

  #reconnect(now: Micros, machine: number): void {
    const { network, agenda } = this.#world;
    const connection = network.connectionOf(machine);
    if (connection !== 0) network.closeAtParty(now, connection);
    const isAgain = this.#world.turnedAway.delete(machine);
    const wait = isAgain ? this.#backoffs.again(machine) : this.#backoffs.first(machine);
    agenda.push(now + wait, CONNECT, machine, this.#backoffs.attempt(machine), null);
  }

  #step(now: Micros, machine: number, input: AgentInput): void {
    const agent = this.#machines[machine]!;
    const sink = this.#sink;
    const { inputTap } = this.#world.options;
    if (inputTap !== null) inputTap.input(now, { kind: 'agent', machine }, input);
    agent.step(now, input, sink);
    if (sink.count > 0) this.#perform(now, machine);
    if (this.#machines[machine] === agent) this.#timers.arm(machine, now, agent.nextDeadline());
  }

  #perform(now: Micros, machine: number): void {
    const { hash, network } = this.#world;
    const { tap } = this.#world.options;
    const sink = this.#sink;
    let exits = false;
    hash.add(now);
    hash.add(machine);
    for (let index = 0; index < sink.count; index++) {
      const output = sink.at(index);
      hashAgentOutput(hash, output);
      if (tap !== null) tap.output(now, { kind: 'agent', machine }, output);
      switch (output.kind) {
        case 'toMaster':
          network.sendToMaster(now, network.connectionOf(machine), output.message);
          break;
        case 'launchContainer':
          if (output.spec.kind === 'customExecutor')
            this.#executors.launched(machine, output.container, output.spec);
          this.containers.launch(now, machine, output.container, output.parent, this.#runOf(output.spec));
          break;
        case 'signalContainer': {
          const signal = output.signal === 'SIGKILL' ? SIGKILL : SIGTERM;
          this.containers.signal(now, machine, output.container, signal);
          break;
        }
        case 'executorEvent':
          this.#executors.heard(now, machine, output.stream, output.event);
          break;
        case 'closeExecutorStream':
          this.#executors.closed(now, machine, output.stream);
          break;
        case 'refuseExecutorCall':
          this.#executors.refused(now, machine, output.request);
          break;
        case 'probe':
          this.prober.probe(now, machine, output);
          break;
        case 'stopProbes':
          this.prober.stop(machine, output.container);
          break;
        case 'removeSandbox': {
          const { container } = output;
          this.#answer(now, machine, () => ({ kind: 'sandboxRemoved', container, failure: null }));
          break;
        }
        case 'sampleUsage':
          this.#answer(now, machine, (at) => this.#usage(at, machine));
          break;
        case 'updateContainer':
          this.#world.agenda.push(now, CONTAINER_UPDATED, machine, output.container, null);
          break;
        case 'reconnect':
          this.#reconnect(now, machine);
          break;
        case 'exit':
          exits = true;
          break;
      }
    }
    sink.clear();
    if (exits) this.#exit(now, machine);
  }

  /** Tells the process that asked, if it is there still. */
  #answer(now: Micros, machine: number, answer: (now: Micros) => AgentInput): void {
    const outage = this.#outages[machine]!;
    this.#world.later(micros(now + ANSWER_LATENCY), (at) => {
      if (this.#outages[machine] === outage) this.#tellOfContainer(at, machine, answer(at));
    });
  }

  /** Which containers there are; nobody measures virtual ones. */
  #usage(now: Micros, machine: number): AgentInput {
    const { table } = this.containers;
    const containers: { container: ContainerHandle; statistics: ResourceStatistics }[] = [];
    for (let slot = table.first(machine); slot >= 0; slot = table.next(slot)) {
      if (table.state(slot) === CONTAINER_STARTING) continue;
      containers.push({ container: table.handle(slot), statistics: { ...NOTHING_MEASURED, timestamp: now } });
    }
    return { kind: 'usageSampled', containers, load: null };
  }

  /** A task runs as long as its framework says, a pod until it is ended. */
  #runOf(spec: ContainerSpec): number {
    switch (spec.kind) {
      case 'commandTask':
      case 'podTask':
        return this.#runTimes(spec.frameworkId, spec.task.taskId);
      default:
        return Infinity;
    }
  }

  /** The master wants no more of this agent. An operator would wipe its disk and start it again; so does the run, after a while. */
  #exit(now: Micros, machine: number): void {
    this.#world.network.closeAtParty(now, this.#world.network.connectionOf(machine));
    this.#disks[machine] = null;
    this.#end(now, machine, DOWN);
    this.returnAfter(now, machine, this.#world.options.agentRestartDelay);
  }
}

/** What is asked of the machine's files and of its kernel takes so long. */
const ANSWER_LATENCY = micros(5 * MICROS_PER_MILLISECOND);

/** Containers that should be running: those of executors after those of the tasks nested in them. */
function containersOf(checkpoint: AgentCheckpoint): ContainerHandle[] {
  const containers: ContainerHandle[] = [];
  for (const { progress } of checkpoint.tasks) {
    if (progress.phase === 'launching' || progress.phase === 'running') containers.push(progress.container);
  }
  for (const { container } of checkpoint.executors) containers.push(container);
  return containers;
}

const LINK_OPENED: AgentInput = { kind: 'linkOpened' };
const LINK_CLOSED: AgentInput = { kind: 'linkClosed' };
const PINGS_MISSED: AgentInput = { kind: 'pingsMissed' };
const TICK: AgentInput = { kind: 'tick' };
