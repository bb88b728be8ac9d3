import { type Micros, micros, Rng, RollingHash } from '../../../engine/core/index.ts';
import type {
  AgentToMaster,
  MasterToAgent,
  SchedulerCall,
  SchedulerEvent,
} from '../../../engine/protocol/index.ts';
import { Agenda, LATER } from '../agenda/index.ts';
import { type MischiefWitness, Network } from '../network/index.ts';
import { seedNumber } from './seed-number.ts';
import type { SimulationOptions } from './simulation-options.ts';

/** What travels over connections. Objects are passed by reference and never changed after sending. */
export type Message = AgentToMaster | MasterToAgent | SchedulerCall | SchedulerEvent;

/** Marks a role in the hash beside the instant: agents are their machine's index, frameworks follow the machines; master `m` is this less `m`. */
export const MASTER_ACTOR = -1;

/** What the parts of a run share: time, the agenda, the network, the hash. Parties 0 to machines - 1 are agents, then come frameworks. */
export class World {
  readonly options: SimulationOptions;
  readonly seed: number;
  readonly agenda = new Agenda<Message>();
  readonly network: Network<Message>;
  readonly hash = new RollingHash();
  now: Micros = micros(0);
  /** Last instant at which work arrived, started or ended, or the cluster changed. */
  lastProgress: Micros = micros(0);
  /** Parties whose last connection was closed by a master that does not lead: they wait longer from time to time. */
  readonly turnedAway = new Set<number>();
  readonly #later = new Map<number, (now: Micros) => void>();
  #laterCount = 0;

  constructor(options: SimulationOptions, witness: MischiefWitness) {
    this.options = options;
    this.seed = seedNumber(options.seed);
    this.network = new Network(
      this.agenda,
      options.network,
      this.stream('latency'),
      this.stream('timeout'),
      witness,
      mayRepeat,
      options.ensemble?.masters ?? 1,
    );
    for (let machine = 0; machine < options.machines.length; machine++) this.network.addParty('agents');
  }

  /** Lets something rare happen at an instant: a closure each, so not for what happens all the time. */
  later(at: Micros, happens: (now: Micros) => void): void {
    const number = this.#laterCount++;
    this.#later.set(number, happens);
    this.agenda.push(at, LATER, number, 0, null);
  }

  /** Things of `later` that have not happened. */
  get laterPending(): number {
    return this.#later.size;
  }

  /** LATER. */
  happens(now: Micros, number: number): void {
    const happens = this.#later.get(number)!;
    this.#later.delete(number);
    happens(now);
  }

  /** A random stream of the run for one purpose. */
  stream(purpose: string): Rng {
    return Rng.forPurpose(this.seed, purpose);
  }

  /** A 32-bit seed for a machine's own streams. */
  seedFor(purpose: string): number {
    return this.stream(purpose).next() | 0;
  }
}

/**
 * An ACCEPT is not idempotent: a second one names offers that are gone, and the master answers TASK_LOST for tasks that run. Nor is a
 * SUBSCRIBE, which opens the stream it comes on. HTTP clients do not repeat such requests by themselves, so the network does not either.
 */
function mayRepeat(message: Message): boolean {
  return message.type !== 'ACCEPT' && message.type !== 'SUBSCRIBE';
}
