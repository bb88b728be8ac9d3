import { InvariantError, type Micros, micros } from '../../../engine/core/index.ts';
import type { MachineEvent } from '../../../engine/workload/index.ts';
import { FAULT, FAULTS_DRAWN, MACHINE_EVENT, PARTITION_HEALS, REGISTRY_RECOVERS } from '../agenda/index.ts';
import { FAULT_WINDOW, FaultPlan, type PlannedFault } from '../faults/index.ts';
import type { Direction, Mischief, MischiefWitness } from '../network/index.ts';
import type { AgentFleet } from './agent-fleet.ts';
import type { FrameworkFleet } from './framework-fleet.ts';
import type { MasterHost } from './master-host.ts';
import type { World } from './world.ts';

interface Partition {
  readonly parties: readonly number[];
  readonly directions: readonly Direction[];
}

/** Lets planned faults, and the fleet's changes that a trace records, happen; and tells the observer of each. */
export class FaultDirector implements MischiefWitness {
  readonly #world: World;
  readonly #master: MasterHost;
  readonly #agents: AgentFleet;
  readonly #frameworks: FrameworkFleet;
  readonly #plan: FaultPlan | null;
  #window = 0;
  #faults: readonly PlannedFault[] = [];
  #nextFault = 0;
  #nextEvent = 0;
  readonly #partitions = new Map<number, Partition>();
  #partitionsMade = 0;
  #slowSpells = 0;
  /** Faults that have struck. */
  struckCount = 0;

  constructor(world: World, master: MasterHost, agents: AgentFleet, frameworks: FrameworkFleet) {
    this.#world = world;
    this.#master = master;
    this.#agents = agents;
    this.#frameworks = frameworks;
    const { faults, machines, machineEvents } = world.options;
    this.#plan =
      faults === null || machines.length === 0
        ? null
        : new FaultPlan(world.seedFor('faults'), faults, machines.length);
    if (this.#plan !== null) world.agenda.push(0, FAULTS_DRAWN, 0, 0, null);
    this.#bootMachines(machineEvents);
    if (machineEvents.length > 0) world.agenda.push(machineEvents[0]!.at, MACHINE_EVENT, 0, 0, null);
  }

  /** Whether something of the cluster that is away comes back by itself. */
  get isCureUnderWay(): boolean {
    return (
      this.#partitions.size > 0 ||
      this.#agents.returning > 0 ||
      this.#master.machine === null ||
      this.#nextEvent < this.#world.options.machineEvents.length
    );
  }

  /** FAULTS_DRAWN: the plan of the next hour. */
  drawWindow(): void {
    this.#faults = this.#plan!.window(this.#window);
    this.#nextFault = 0;
    this.#window++;
    if (this.#faults.length > 0) this.#world.agenda.push(this.#faults[0]!.at, FAULT, 0, 0, null);
    const start = this.#window * FAULT_WINDOW;
    const until = this.#world.options.faults!.until;
    if (until === null || start < until) this.#world.agenda.push(start, FAULTS_DRAWN, 0, 0, null);
  }

  /** FAULT: the next one of the window. */
  strike(now: Micros): void {
    const fault = this.#faults[this.#nextFault++]!;
    const next = this.#faults[this.#nextFault];
    if (next !== undefined) this.#world.agenda.push(next.at, FAULT, 0, 0, null);
    this.#apply(now, fault);
  }

  /** PARTITION_HEALS. */
  heal(now: Micros, number: number): void {
    const partition = this.#partitions.get(number)!;
    this.#partitions.delete(number);
    for (const party of partition.parties) {
      for (const direction of partition.directions) this.#world.network.unblock(party, direction);
      if (party < this.#agents.count) this.#agents.waysChanged(now, party);
    }
  }

  /** REGISTRY_RECOVERS. */
  registryRecovers(): void {
    this.#slowSpells--;
    if (this.#slowSpells === 0) this.#master.registry.setWriteLatency(null);
  }

  /** MACHINE_EVENT: a machine of the trace comes or goes. */
  machineEvent(now: Micros): void {
    const { machineEvents } = this.#world.options;
    while (this.#nextEvent < machineEvents.length && machineEvents[this.#nextEvent]!.at <= now) {
      const { kind, machine } = machineEvents[this.#nextEvent++]!;
      this.#world.lastProgress = now;
      if (kind === 'ADDED') {
        this.#agents.boot(now, machine);
        this.#record(now, 'machineAdded', this.#nameOf(machine), null);
      } else if (this.#agents.crash(now, machine, true)) {
        this.#record(now, 'machineRemoved', this.#nameOf(machine), null);
      }
    }
    const next = machineEvents[this.#nextEvent];
    if (next !== undefined) this.#world.agenda.push(next.at, MACHINE_EVENT, 0, 0, null);
  }

  /** A fault that waited for a message has found it. */
  struck(mischief: Mischief, party: number): void {
    const target =
      party < this.#agents.count
        ? this.#nameOf(party)
        : this.#frameworks.nameOf(this.#frameworks.numberOf(party));
    this.#record(this.#world.now, MISCHIEF_NAMES[mischief.kind], `${target}, ${mischief.direction}`, null);
  }

  #apply(now: Micros, fault: PlannedFault): void {
    switch (fault.kind) {
      case 'agentCrash':
        if (!this.#agents.crash(now, fault.machine, fault.keepsDisk)) return;
        this.#agents.returnAfter(now, fault.machine, fault.duration);
        this.#recordFor(now, fault, this.#nameOf(fault.machine));
        break;
      case 'agentRestart':
        if (!this.#agents.stopProcess(now, fault.machine)) return;
        this.#agents.returnAfter(now, fault.machine, fault.duration);
        this.#recordFor(now, fault, this.#nameOf(fault.machine));
        break;
      case 'agentFreeze':
        if (!this.#agents.freeze(now, fault.machine, fault.duration)) return;
        this.#recordFor(now, fault, this.#nameOf(fault.machine));
        break;
      case 'partition':
        this.#cut(now, fault);
        break;
      case 'messageLoss':
      case 'messageDuplication':
      case 'messageDelay':
        this.#world.network.arm({
          kind: MISCHIEF_KINDS[fault.kind],
          side: fault.side,
          direction: fault.direction,
          delay: fault.delay,
        });
        break;
      case 'masterCrash':
        if (!this.#master.crash(now, fault.duration, fault.survivingWrites)) return;
        this.#recordFor(now, fault, 'master');
        break;
      case 'slowRegistry':
        this.#slowSpells++;
        this.#master.registry.setWriteLatency(fault.write);
        this.#world.agenda.push(now + fault.duration, REGISTRY_RECOVERS, 0, 0, null);
        this.#recordFor(now, fault, 'registry');
        break;
      default:
        // Kinds that plans of one master and its replay do not hold.
        throw new InvariantError(`no replay is struck by ${fault.kind}`);
    }
  }

  #cut(now: Micros, fault: Extract<PlannedFault, { kind: 'partition' }>): void {
    const { subject, directions } = fault;
    const parties: number[] = [];
    let target: string;
    if (subject.kind === 'machines') {
      const { count } = this.#agents;
      for (let index = 0; index < subject.count; index++) parties.push((subject.first + index) % count);
      target =
        parties.length === 1
          ? this.#nameOf(parties[0]!)
          : `${parties.length} machines from ${this.#nameOf(parties[0]!)}`;
    } else {
      if (this.#frameworks.count === 0) return;
      const number = subject.pick % this.#frameworks.count;
      parties.push(this.#frameworks.partyOf(number));
      target = this.#frameworks.nameOf(number);
    }
    for (const party of parties) {
      for (const direction of directions) this.#world.network.block(now, party, direction);
      if (party < this.#agents.count) this.#agents.waysChanged(now, party);
    }
    const number = this.#partitionsMade++;
    this.#partitions.set(number, { parties, directions });
    this.#world.agenda.push(now + fault.duration, PARTITION_HEALS, number, 0, null);
    this.#recordFor(now, fault, directions.length === 2 ? target : `${target}, ${directions[0]}`);
  }

  /** A machine whose first event is ADDED joins only then; all others are there from the start. */
  #bootMachines(events: readonly MachineEvent[]): void {
    const absent = new Set<number>();
    const seen = new Set<number>();
    for (const { kind, machine } of events) {
      if (seen.has(machine)) continue;
      seen.add(machine);
      if (kind === 'ADDED') absent.add(machine);
    }
    for (let machine = 0; machine < this.#agents.count; machine++) {
      if (!absent.has(machine)) this.#agents.boot(micros(0), machine);
    }
  }

  #nameOf(machine: number): string {
    return this.#world.options.machines[machine]!.name;
  }

  #recordFor(now: Micros, fault: { readonly kind: string; readonly duration: Micros }, target: string): void {
    this.#record(now, fault.kind, target, micros(now + fault.duration));
  }

  #record(at: Micros, kind: string, target: string, until: Micros | null): void {
    this.struckCount++;
    this.#world.lastProgress = at;
    this.#world.options.observer?.faultInjected({ at, kind, target, until });
  }
}

const MISCHIEF_KINDS = {
  messageLoss: 'loss',
  messageDuplication: 'duplication',
  messageDelay: 'delay',
} as const;

const MISCHIEF_NAMES = {
  loss: 'messageLoss',
  duplication: 'messageDuplication',
  delay: 'messageDelay',
} as const;
