import type { AgentId } from '../../engine/core/index.ts';
import type { AgentInfo, Offer, TaskInfo } from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import { type Amount, Amounts } from './amounts.ts';
import type { RoleState } from './role-state.ts';
import { type Shape, satisfies } from './shape.ts';

/** Offers of one agent for one role, in hand together: one ACCEPT can use them all. */
export interface Holding {
  readonly role: RoleState;
  readonly agentId: AgentId;
  readonly agent: AgentInfo;
  readonly offers: Offer[];
  /** Row of the pool. */
  position: number;
  /** All its offers are of unreserved resources. */
  isPlain: boolean;
  /** What was taken of it in this step, in order. */
  readonly taken: Shape[];
  /** Tasks to launch on it with the ACCEPT at the end of the step. */
  taskInfos: TaskInfo[];
  /** Exactly what is left; null until something other than the four scalars has to be compared. */
  rest: Resources | null;
}

// Columns of a row of `#free`: what is left of a holding, thousandths.
const CPUS = 0;
const MEM = 1;
const GPUS = 2;
const DISK = 3;
const STRIDE = 4;

const FAILURES_MAX = 16;

/**
 * The offers that a role holds, by agent, in rows that are filled without gaps. Finding room goes on where the last search ended
 * (next fit), so that a run of equal tasks passes over each row once. Three things keep a blocked queue from costing a scan per event:
 * the largest amount of each kind that any row may have, shapes that failed since an offer was last added (whatever needs at least as much
 * fails too), and for gangs the sums over all rows.
 */
export class OfferPool {
  readonly #role: RoleState;
  readonly #rows: Holding[] = [];
  #free = new Float64Array(16 * STRIDE);
  #cursor = 0;
  /** Upper bounds of each column; exact after a scan that found nothing. */
  readonly #largest = new Float64Array(STRIDE);
  readonly #byAgent = new Map<AgentId, Holding>();
  #failures: Shape[] = [];
  #notPlain = 0;
  /** Offers added so far. What failed to fit fails until this changes. */
  additions = 0;
  /** Sums of what is left. */
  readonly total = new Amounts();

  constructor(role: RoleState) {
    this.#role = role;
  }

  get size(): number {
    return this.#rows.length;
  }

  at(position: number): Holding {
    return this.#rows[position]!;
  }

  add(offer: Offer): Holding {
    this.additions++;
    if (this.#failures.length > 0) this.#failures = [];
    let holding = this.#byAgent.get(offer.agentId);
    if (holding === undefined) {
      holding = {
        role: this.#role,
        agentId: offer.agentId,
        agent: offer.agent,
        offers: [],
        position: this.#rows.length,
        isPlain: true,
        taken: [],
        taskInfos: [],
        rest: null,
      };
      this.#byAgent.set(offer.agentId, holding);
      this.#rows.push(holding);
      if (this.#rows.length * STRIDE > this.#free.length) this.#grow();
      this.#free.fill(0, holding.position * STRIDE, (holding.position + 1) * STRIDE);
    }
    holding.offers.push(offer);
    const { resources } = offer;
    if (holding.isPlain && !resources.isPlain) {
      holding.isPlain = false;
      this.#notPlain++;
    }
    holding.rest = null;
    this.#change(holding.position, resources, 1);
    return holding;
  }

  /** Takes one offer out, and its holding when nothing is left of it. */
  withdraw(holding: Holding, offer: Offer): void {
    if (holding.offers.length === 1) {
      this.remove(holding);
      return;
    }
    holding.offers.splice(holding.offers.indexOf(offer), 1);
    const { resources } = offer;
    this.#change(holding.position, resources, -1);
    holding.rest = null;
    if (!holding.isPlain && holding.offers.every((each) => each.resources.isPlain)) {
      holding.isPlain = true;
      this.#notPlain--;
    }
  }

  /** Swap-remove: the last row moves into the gap. */
  remove(holding: Holding): void {
    const { position } = holding;
    const { total } = this;
    const free = this.#free;
    const base = position * STRIDE;
    total.cpus -= free[base + CPUS]!;
    total.mem -= free[base + MEM]!;
    total.gpus -= free[base + GPUS]!;
    total.disk -= free[base + DISK]!;
    const last = this.#rows.pop()!;
    if (last !== holding) {
      free.copyWithin(base, last.position * STRIDE, (last.position + 1) * STRIDE);
      this.#rows[position] = last;
      last.position = position;
    }
    if (!holding.isPlain) this.#notPlain--;
    this.#byAgent.delete(holding.agentId);
  }

  clear(): void {
    this.#rows.length = 0;
    this.#byAgent.clear();
    this.#failures = [];
    this.#notPlain = 0;
    this.#cursor = 0;
    this.#largest.fill(0);
    this.total.clear();
  }

  /** A row with room for the shape, or -1. O(1) for a shape known to fail and, amortised, for a run of equal shapes that fit. */
  find(shape: Shape): number {
    const size = this.#rows.length;
    const largest = this.#largest;
    const { cpus, mem, gpus, disk } = shape;
    if (
      size === 0 ||
      largest[CPUS]! < cpus ||
      largest[MEM]! < mem ||
      largest[GPUS]! < gpus ||
      largest[DISK]! < disk ||
      this.#failsAsBefore(shape)
    ) {
      return -1;
    }
    const scalarsSuffice = this.#notPlain === 0 && shape.isVector && shape.constraints.length === 0;
    const free = this.#free;
    let position = this.#cursor < size ? this.#cursor : 0;
    for (let seen = 0; seen < size; seen++) {
      const base = position * STRIDE;
      if (
        free[base + CPUS]! >= cpus &&
        free[base + MEM]! >= mem &&
        free[base + GPUS]! >= gpus &&
        free[base + DISK]! >= disk &&
        (scalarsSuffice || this.#fitsExactly(this.#rows[position]!, shape))
      ) {
        this.#cursor = position;
        return position;
      }
      position++;
      if (position === size) position = 0;
    }
    this.#tighten();
    return -1;
  }

  /** Whether that row has room for the shape. */
  fits(position: number, shape: Shape): boolean {
    const free = this.#free;
    const base = position * STRIDE;
    return (
      free[base + CPUS]! >= shape.cpus &&
      free[base + MEM]! >= shape.mem &&
      free[base + GPUS]! >= shape.gpus &&
      free[base + DISK]! >= shape.disk &&
      this.#fitsExactly(this.#rows[position]!, shape)
    );
  }

  take(holding: Holding, shape: Shape): void {
    holding.taken.push(shape);
    if (holding.rest !== null) holding.rest = holding.rest.minus(shape.resources);
    this.#change(holding.position, shape, -1);
  }

  /** Undoes the last `take` of the holding. */
  giveBack(holding: Holding): void {
    const shape = holding.taken.pop()!;
    holding.rest = null;
    this.#change(holding.position, shape, 1);
  }

  /** Says that no row has room for the shape, nothing being about to be given back: it is not searched for until an offer is added. */
  noteFailure(shape: Shape): void {
    if (this.#failures.length < FAILURES_MAX && !this.#failsAsBefore(shape)) this.#failures.push(shape);
  }

  #failsAsBefore(shape: Shape): boolean {
    const failures = this.#failures;
    for (let index = 0; index < failures.length; index++) {
      if (isNoEasier(shape, failures[index]!)) return true;
    }
    return false;
  }

  /** Beyond the scalars: constraints, reservations, ports and other kinds. */
  #fitsExactly(holding: Holding, shape: Shape): boolean {
    if (shape.constraints.length > 0 && !satisfies(holding.agent, shape.constraints)) return false;
    if (holding.isPlain && shape.isVector) return true;
    holding.rest ??= restOf(holding);
    return holding.rest.contains(shape.resources);
  }

  /** Adds `count` times the amounts to a row. */
  #change(position: number, amount: Amount, count: number): void {
    const free = this.#free;
    const largest = this.#largest;
    const base = position * STRIDE;
    const cpus = free[base + CPUS]! + amount.cpus * count;
    const mem = free[base + MEM]! + amount.mem * count;
    const gpus = free[base + GPUS]! + amount.gpus * count;
    const disk = free[base + DISK]! + amount.disk * count;
    free[base + CPUS] = cpus;
    free[base + MEM] = mem;
    free[base + GPUS] = gpus;
    free[base + DISK] = disk;
    if (cpus > largest[CPUS]!) largest[CPUS] = cpus;
    if (mem > largest[MEM]!) largest[MEM] = mem;
    if (gpus > largest[GPUS]!) largest[GPUS] = gpus;
    if (disk > largest[DISK]!) largest[DISK] = disk;
    this.total.add(amount, count);
  }

  #tighten(): void {
    const free = this.#free;
    const largest = this.#largest;
    largest.fill(0);
    for (let base = 0, end = this.#rows.length * STRIDE; base < end; base += STRIDE) {
      for (let kind = 0; kind < STRIDE; kind++) {
        if (free[base + kind]! > largest[kind]!) largest[kind] = free[base + kind]!;
      }
    }
  }

  #grow(): void {
    const larger = new Float64Array(this.#free.length * 2);
    larger.set(this.#free);
    this.#free = larger;
  }
}

function restOf(holding: Holding): Resources {
  let rest = Resources.EMPTY;
  for (const offer of holding.offers) rest = rest.plus(offer.resources);
  for (const shape of holding.taken) rest = rest.minus(shape.resources);
  return rest;
}

/** Whether every place for `shape` would be one for `failed` too. */
function isNoEasier(shape: Shape, failed: Shape): boolean {
  if (failed.constraints.length > 0 && failed.constraints !== shape.constraints) return false;
  if (failed.resources === shape.resources) return true;
  return (
    failed.isVector &&
    shape.isPlain &&
    shape.cpus >= failed.cpus &&
    shape.mem >= failed.mem &&
    shape.gpus >= failed.gpus &&
    shape.disk >= failed.disk
  );
}
