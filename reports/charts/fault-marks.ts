import type { FaultRow } from '../tables/fault-table.ts';
import type { LaneMark } from './chart-spec.ts';

/** Marks per lane at most: faults of one kind that begin this near to each other are drawn as one. */
const BINS = 240;
const TARGETS_MAX = 3;

interface OpenMark {
  lane: number;
  from: number;
  to: number;
  count: number;
  targets: string[];
}

/** Faults by kind, merged until a page can show them. */
export class FaultMarks {
  /** In order of the first fault of the kind. */
  readonly kinds: string[] = [];
  readonly #laneOf = new Map<string, number>();
  readonly #marks = new Map<number, OpenMark>();
  readonly #start: number;
  readonly #end: number;

  /** The run's time, s. */
  constructor(start: number, end: number) {
    this.#start = start;
    this.#end = end;
  }

  add(fault: FaultRow): void {
    const lane = this.#lane(fault.kind);
    const span = Math.max(this.#end - this.#start, Number.MIN_VALUE);
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(((fault.atSeconds - this.#start) / span) * BINS)));
    const key = lane * BINS + bin;
    const to = Math.max(fault.atSeconds, Math.min(fault.untilSeconds ?? fault.atSeconds, this.#end));
    const mark = this.#marks.get(key);
    if (mark === undefined) {
      this.#marks.set(key, { lane, from: fault.atSeconds, to, count: 1, targets: [fault.target] });
      return;
    }
    mark.count++;
    mark.to = Math.max(mark.to, to);
    if (mark.targets.length < TARGETS_MAX) mark.targets.push(fault.target);
  }

  /** In order of the first fault of each mark. */
  marks(): LaneMark[] {
    return [...this.#marks.values()];
  }

  #lane(kind: string): number {
    const known = this.#laneOf.get(kind);
    if (known !== undefined) return known;
    const lane = this.kinds.length;
    this.kinds.push(kind);
    this.#laneOf.set(kind, lane);
    return lane;
  }
}
