import { assertNever, type Micros, micros, Rng } from '../../../engine/core/index.ts';
import type { MachineEvent } from '../../../engine/workload/index.ts';
import { FAULT, FAULTS_DRAWN, MACHINE_EVENT } from '../agenda/index.ts';
import {
  type ContainerFaults,
  FAULT_WINDOW,
  FaultPlan,
  type Misbehaviour,
  type PlannedFault,
} from '../faults/index.ts';
import type { Direction, Mischief, MischiefWitness } from '../network/index.ts';
import type { AgentFleet } from './agent-fleet.ts';
import { NO_MASTER } from './leader-view.ts';
import type { MasterEnsemble } from './master-ensemble.ts';
import { Operator } from './operator.ts';
import type { SchedulerSide } from './scheduler-side.ts';
import type { World } from './world.ts';

type Fault<Kind extends PlannedFault['kind']> = Extract<PlannedFault, { kind: Kind }>;

/** Lets planned faults, and the fleet's changes that a trace records, happen; and tells the observer of each. */
export class FaultDirector implements MischiefWitness {
  readonly #world: World;
  readonly #masters: MasterEnsemble;
  readonly #agents: AgentFleet;
  readonly #schedulers: SchedulerSide;
  readonly #containers: ContainerFaults | null;
  readonly #operator: Operator | null;
  readonly #plan: FaultPlan | null;
  #window = 0;
  #faults: readonly PlannedFault[] = [];
  #nextFault = 0;
  #nextEvent = 0;
  /** What is broken and will be mended. */
  #cures = 0;
  #slowSpells = 0;
  #slowAuthorizer = 0;
  #failingAuthorizer = 0;
  /** Batches of registry writes to be cut. */
  #torn: Fault<'tornBatch'>[] = [];
  /** Faults that have struck. */
  struckCount = 0;

  constructor(
    world: World,
    masters: MasterEnsemble,
    agents: AgentFleet,
    schedulers: SchedulerSide,
    containers: ContainerFaults | null,
  ) {
    this.#world = world;
    this.#masters = masters;
    this.#agents = agents;
    this.#schedulers = schedulers;
    this.#containers = containers;
    const { faults, machines, machineEvents, ensemble } = world.options;
    this.#plan =
      faults === null || machines.length === 0
        ? null
        : new FaultPlan(world.seedFor('faults'), faults, machines.length, world.network.masters);
    this.#operator =
      faults === null || faults.perHour.operatorActs === 0
        ? null
        : new Operator(world, masters, (now, what) => this.#record(now, 'operatorActs', what, null));
    if (ensemble !== null) {
      masters.etcd!.etcd.onAcknowledgementLost = (now, client) =>
        this.#record(now, 'lostAcknowledgement', `master ${client}`, null);
      masters.etcd!.onTransaction = (now, master) => this.#tear(now, master);
    }
    if (this.#plan !== null) world.agenda.push(0, FAULTS_DRAWN, 0, 0, null);
    if (faults !== null && faults.healsBy !== null) world.later(faults.healsBy, () => this.#heals());
    this.#bootMachines(machineEvents);
    if (machineEvents.length > 0) world.agenda.push(machineEvents[0]!.at, MACHINE_EVENT, 0, 0, null);
  }

  /** Whether something of the cluster that is away comes back by itself. */
  get isCureUnderWay(): boolean {
    return (
      this.#cures > 0 ||
      this.#agents.returning > 0 ||
      this.#masters.machine === null ||
      (this.#operator?.mending ?? 0) > 0 ||
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
    this.#apply(now, this.#clamped(now, fault));
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
    this.#record(
      this.#world.now,
      MISCHIEF_NAMES[mischief.kind],
      `${this.#partyName(party)}, ${mischief.direction}`,
      null,
    );
  }

  /** What lasts is over when everything heals. */
  #clamped(now: Micros, fault: PlannedFault): PlannedFault {
    const healsBy = this.#world.options.faults!.healsBy;
    if (healsBy === null || !('duration' in fault) || now + fault.duration <= healsBy) return fault;
    return { ...fault, duration: micros(Math.max(0, healsBy - now)) };
  }

  #apply(now: Micros, fault: PlannedFault): void {
    switch (fault.kind) {
      case 'agentCrash':
        if (!this.#agents.crash(now, fault.machine, fault.keepsDisk)) return;
        this.#agents.returnAfter(now, fault.machine, fault.duration);
        this.#recordFor(now, fault, this.#nameOf(fault.machine));
        break;
      case 'agentRestart':
      case 'agentReboot':
      case 'agentWipe': {
        const { machine } = fault;
        // A process that is ended is told; whatever else a reboot or a wipe takes is gone when it is back.
        if (!this.#agents.stopProcess(now, machine)) return;
        if (fault.kind === 'agentReboot') this.#agents.switchOff(now, machine);
        if (fault.kind === 'agentWipe') this.#agents.wipe(machine);
        this.#agents.returnAfter(now, machine, fault.duration);
        this.#recordFor(now, fault, this.#nameOf(machine));
        break;
      }
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
      case 'messageReorder':
        this.#world.network.arm({
          kind: MISCHIEF_KINDS[fault.kind],
          side: fault.side,
          direction: fault.direction,
          delay: fault.delay,
        });
        break;
      case 'halfOpen':
        this.#halfOpen(now, fault);
        break;
      case 'masterCrash': {
        const master = this.#masters.meant(fault.master);
        if (!this.#masters.crash(now, master, fault.duration, fault.survivingWrites)) return;
        this.#recordFor(now, fault, this.#masterName(master));
        break;
      }
      case 'masterRestart': {
        const master = this.#masters.meant(fault.master);
        // What it has sent is still carried out: nothing is lost in good order.
        if (!this.#masters.crash(now, master, fault.duration, 1, true)) return;
        this.#recordFor(now, fault, this.#masterName(master));
        break;
      }
      case 'masterFreeze': {
        const master = this.#masters.meant(fault.master);
        if (!this.#masters.freeze(now, master, fault.duration)) return;
        this.#agents.masterFell(now, master);
        this.#recordFor(now, fault, this.#masterName(master));
        break;
      }
      case 'masterClockForward':
      case 'masterClockBack': {
        const step = fault.kind === 'masterClockForward' ? fault.step : 0 - fault.step;
        const master = this.#masters.meant(fault.master);
        if (!this.#masters.setClock(now, master, (clock) => clock.set(now, step))) return;
        this.#record(now, fault.kind, `${this.#masterName(master)} by ${step} µs`, null);
        break;
      }
      case 'masterClockRate': {
        const master = this.#masters.meant(fault.master);
        if (!this.#masters.setClock(now, master, (clock) => clock.setRate(now, fault.ppm))) return;
        this.#cureAfter(now, fault.duration, (later) => {
          this.#masters.setClock(later, master, (clock) => {
            if (clock.ppm === fault.ppm) clock.setRate(later, 0);
          });
        });
        this.#recordFor(now, fault, `${this.#masterName(master)} by ${fault.ppm} ppm`);
        break;
      }
      case 'masterPartition': {
        const master = this.#masters.meant(fault.master);
        if (master === NO_MASTER) return;
        const parties = Array.from({ length: this.#world.network.parties }, (_, party) => party);
        this.#block(now, parties, [master], fault.directions, fault.duration);
        this.#recordFor(now, fault, directed(this.#masterName(master), fault.directions));
        break;
      }
      case 'slowRegistry':
        this.#slowSpells++;
        this.#masters.coordination.setWriteLatency(fault.write);
        this.#cureAfter(now, fault.duration, () => {
          this.#slowSpells--;
          if (this.#slowSpells === 0) this.#masters.coordination.setWriteLatency(null);
        });
        this.#recordFor(now, fault, 'registry');
        break;
      case 'storePartition':
      case 'failingRegistry':
      case 'storeUnavailable':
      case 'lostAcknowledgement':
      case 'tornBatch':
      case 'laggingReplica':
      case 'leaseLost':
      case 'staleDetector':
      case 'storeLoss':
        this.#troubleStore(now, fault);
        break;
      case 'executorDies':
      case 'executorHangs':
      case 'launchFails':
      case 'containerLimit':
        this.#troubleContainers(now, fault);
        break;
      case 'frameworkFailover':
      case 'frameworkFreeze':
      case 'frameworkHoards':
      case 'frameworkFloods':
      case 'frameworkAnswersLate':
      case 'frameworkAcknowledgesLate':
        this.#troubleScheduler(now, fault);
        break;
      case 'operatorActs':
        this.#operator?.plan(now, fault, (acted) => this.#within(acted, fault.duration));
        break;
      case 'authorizerSlow':
        this.#slowAuthorizer++;
        this.#masters.setAuthorizerDelay(fault.delay);
        this.#cureAfter(now, fault.duration, () => {
          this.#slowAuthorizer--;
          if (this.#slowAuthorizer === 0) this.#masters.setAuthorizerDelay(null);
        });
        this.#recordFor(now, fault, 'authorizer');
        break;
      case 'authorizerFails':
        this.#failingAuthorizer++;
        this.#masters.setAuthorizerFails(true);
        this.#cureAfter(now, fault.duration, () => {
          this.#failingAuthorizer--;
          if (this.#failingAuthorizer === 0) this.#masters.setAuthorizerFails(false);
        });
        this.#recordFor(now, fault, 'authorizer');
        break;
      default:
        assertNever(fault);
    }
  }

  /** Faults of the store that several masters share; one master alone has none of them. */
  #troubleStore(
    now: Micros,
    fault: Fault<
      | 'storePartition'
      | 'failingRegistry'
      | 'storeUnavailable'
      | 'lostAcknowledgement'
      | 'tornBatch'
      | 'laggingReplica'
      | 'leaseLost'
      | 'staleDetector'
      | 'storeLoss'
    >,
  ): void {
    const coordination = this.#masters.etcd;
    if (coordination === null) return;
    const { etcd, detector } = coordination;
    switch (fault.kind) {
      case 'storePartition': {
        const master = this.#masters.meant(fault.master);
        if (master === NO_MASTER) return;
        for (const direction of fault.directions) etcd.block(master, STORE_DIRECTIONS[direction]);
        this.#cureAfter(now, fault.duration, () => {
          for (const direction of fault.directions) etcd.unblock(master, STORE_DIRECTIONS[direction]);
        });
        this.#recordFor(now, fault, directed(this.#masterName(master), fault.directions));
        break;
      }
      case 'failingRegistry':
        etcd.setFailing(true);
        this.#cureAfter(now, fault.duration, () => etcd.setFailing(false));
        this.#recordFor(now, fault, 'registry');
        break;
      case 'storeUnavailable':
        etcd.setUnavailable(now, true);
        this.#cureAfter(now, fault.duration, (later) => etcd.setUnavailable(later, false));
        this.#recordFor(now, fault, 'registry');
        break;
      case 'storeLoss': {
        const loss = { percent: fault.percent, rng: Rng.forPurpose(fault.pick, 'storeLoss') };
        etcd.addLoss(loss);
        this.#cureAfter(now, fault.duration, () => etcd.removeLoss(loss));
        this.#recordFor(now, fault, 'registry');
        break;
      }
      case 'lostAcknowledgement':
        etcd.loseAcknowledgement();
        break;
      case 'tornBatch':
        this.#torn.push(fault);
        break;
      case 'laggingReplica':
        etcd.addLag(fault.lag);
        this.#cureAfter(now, fault.duration, () => etcd.removeLag(fault.lag));
        this.#recordFor(now, fault, 'registry');
        break;
      case 'leaseLost': {
        const { leader } = coordination;
        if (leader === NO_MASTER || !coordination.loseLease(now)) return;
        this.#record(now, fault.kind, this.#masterName(leader), null);
        break;
      }
      case 'staleDetector': {
        const { parties } = this.#world.network;
        if (parties === 0) return;
        const party = fault.pick % parties;
        detector.hold(party, micros(now + fault.duration));
        this.#recordFor(now, fault, this.#partyName(party));
        break;
      }
      default:
        assertNever(fault);
    }
  }

  #troubleContainers(
    now: Micros,
    fault: Fault<'executorDies' | 'executorHangs' | 'launchFails' | 'containerLimit'>,
  ): void {
    const containers = this.#containers;
    if (containers === null) return;
    const { machine } = fault;
    let target: string | null;
    switch (fault.kind) {
      case 'executorDies':
        target = containers.executorDies(now, machine, fault.pick);
        break;
      case 'executorHangs':
        target = containers.executorHangs(now, machine, fault.pick, micros(now + fault.duration));
        break;
      case 'launchFails':
        target = containers.launchFails(now, machine, micros(now + fault.duration));
        break;
      case 'containerLimit':
        target = containers.containerLimit(now, machine, fault.pick, fault.limit);
        break;
      default:
        assertNever(fault);
    }
    if (target === null) return;
    this.#record(now, fault.kind, target, 'duration' in fault ? micros(now + fault.duration) : null);
  }

  #troubleScheduler(
    now: Micros,
    fault: Fault<
      | 'frameworkFailover'
      | 'frameworkFreeze'
      | 'frameworkHoards'
      | 'frameworkFloods'
      | 'frameworkAnswersLate'
      | 'frameworkAcknowledgesLate'
    >,
  ): void {
    const { faults, count } = this.#schedulers;
    if (faults === null || count === 0) return;
    const number = fault.pick % count;
    const until = micros(now + fault.duration);
    let target: string | null;
    if (fault.kind === 'frameworkFailover') target = faults.failover(now, number, until);
    else if (fault.kind === 'frameworkFreeze') target = faults.freeze(now, number, until);
    else target = faults.misbehave(now, number, MISBEHAVIOURS[fault.kind], until);
    if (target !== null) this.#recordFor(now, fault, target);
  }

  #cut(now: Micros, fault: Fault<'partition'>): void {
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
      if (this.#schedulers.count === 0) return;
      const number = subject.pick % this.#schedulers.count;
      parties.push(this.#schedulers.partyOf(number));
      target = this.#schedulers.nameOf(number);
    }
    const masters: number[] = [];
    if (fault.from === null) {
      for (const { number } of this.#masters.hosts) masters.push(number);
    } else {
      const master = this.#masters.meant(fault.from);
      if (master === NO_MASTER) return;
      masters.push(master);
      target = `${target} from ${this.#masterName(master)}`;
    }
    this.#block(now, parties, masters, directions, fault.duration);
    this.#recordFor(now, fault, directed(target, directions));
  }

  #block(
    now: Micros,
    parties: readonly number[],
    masters: readonly number[],
    directions: readonly Direction[],
    duration: Micros,
  ): void {
    const { network } = this.#world;
    for (const party of parties) {
      for (const master of masters) {
        for (const direction of directions) network.block(now, party, master, direction);
      }
      if (party < this.#agents.count) this.#agents.waysChanged(now, party);
    }
    this.#cureAfter(now, duration, (later) => {
      for (const party of parties) {
        for (const master of masters) {
          for (const direction of directions) network.unblock(party, master, direction);
        }
        if (party < this.#agents.count) this.#agents.waysChanged(later, party);
      }
    });
  }

  #halfOpen(now: Micros, fault: Fault<'halfOpen'>): void {
    const { network } = this.#world;
    let party: number;
    if (fault.side === 'agents') {
      party = fault.pick % this.#agents.count;
    } else {
      if (this.#schedulers.count === 0) return;
      party = this.#schedulers.partyOf(fault.pick % this.#schedulers.count);
    }
    const connection = network.connectionOf(party);
    if (connection === 0) return;
    network.halfOpen(now, connection);
    this.#record(now, fault.kind, this.#partyName(party), null);
  }

  /** A master has had a transaction carried out while more of its batch waits: a planned cut ends it there. */
  #tear(now: Micros, master: number): void {
    const fault = this.#torn.shift();
    if (fault === undefined) return;
    this.#world.later(now, (later) => {
      const torn = this.#clamped(later, fault) as Fault<'tornBatch'>;
      if (!this.#masters.crash(later, master, torn.duration, 0)) return;
      this.#recordFor(later, torn, this.#masterName(master));
    });
  }

  #cureAfter(now: Micros, duration: Micros, cure: (now: Micros) => void): void {
    this.#cures++;
    this.#world.later(micros(now + duration), (later) => {
      this.#cures--;
      cure(later);
    });
  }

  #within(now: Micros, duration: Micros): Micros {
    const healsBy = this.#world.options.faults!.healsBy;
    return micros(healsBy === null ? now + duration : Math.max(now, Math.min(now + duration, healsBy)));
  }

  /** Nothing that has not struck yet strikes any more, and what hangs goes on. */
  #heals(): void {
    const { now } = this.#world;
    this.#torn = [];
    for (const { number } of this.#masters.hosts) {
      this.#masters.setClock(now, number, (clock) => clock.catchUp(now));
    }
    this.#operator?.giveUp();
    this.#world.network.disarm();
    this.#masters.etcd?.etcd.keepAcknowledgements();
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

  #partyName(party: number): string {
    return party < this.#agents.count
      ? this.#nameOf(party)
      : this.#schedulers.nameOf(this.#schedulers.numberOf(party));
  }

  #masterName(master: number): string {
    return this.#masters.hosts.length === 1 ? 'master' : `master ${master}`;
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

function directed(target: string, directions: readonly Direction[]): string {
  return directions.length === 2 ? target : `${target}, ${directions[0]}`;
}

const MISCHIEF_KINDS = {
  messageLoss: 'loss',
  messageDuplication: 'duplication',
  messageDelay: 'delay',
  messageReorder: 'reorder',
} as const;

const MISCHIEF_NAMES = {
  loss: 'messageLoss',
  duplication: 'messageDuplication',
  delay: 'messageDelay',
  reorder: 'messageReorder',
} as const;

const STORE_DIRECTIONS = { toMaster: 'fromStore', fromMaster: 'toStore' } as const;

const MISBEHAVIOURS: { readonly [Kind in PlannedFault['kind']]?: Misbehaviour } & {
  readonly frameworkHoards: Misbehaviour;
  readonly frameworkFloods: Misbehaviour;
  readonly frameworkAnswersLate: Misbehaviour;
  readonly frameworkAcknowledgesLate: Misbehaviour;
} = {
  frameworkHoards: 'hoards',
  frameworkFloods: 'floods',
  frameworkAnswersLate: 'answersLate',
  frameworkAcknowledgesLate: 'acknowledgesLate',
};
