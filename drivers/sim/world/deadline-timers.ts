import type { Micros } from '../../../engine/core/index.ts';
import { grownFloats } from '../agenda/index.ts';

/** The part of an agenda that timers need. */
export interface TimerAgenda {
  push(time: number, kind: number, target: number, detail: number, payload: null): void;
}

const UNARMED = Infinity;

/**
 * One live timer event per machine of a kind. An event is not taken back when the deadline moves: if it moved later, the event that fires
 * is armed again; if earlier, another event is pushed and the old one fires unheeded. A machine without deadline costs nothing.
 */
export class DeadlineTimers {
  readonly #agenda: TimerAgenda;
  readonly #kind: number;
  /** Time of the live event per machine. */
  #armed: Float64Array;

  constructor(agenda: TimerAgenda, kind: number, machines: number) {
    this.#agenda = agenda;
    this.#kind = kind;
    this.#armed = new Float64Array(Math.max(machines, 16)).fill(UNARMED);
  }

  /** After a step: arms for the machine's deadline unless an earlier event is armed. */
  arm(machine: number, now: Micros, deadline: Micros | null): void {
    if (deadline === null) return;
    if (machine >= this.#armed.length) this.#grow(machine);
    if (deadline >= this.#armed[machine]!) return;
    const at = deadline < now ? now : deadline;
    this.#armed[machine] = at;
    this.#agenda.push(at, this.#kind, machine, 0, null);
  }

  /** A timer event fires: true if it is the live one. */
  fires(machine: number, now: Micros): boolean {
    if (this.#armed[machine] !== now) return false;
    this.#armed[machine] = UNARMED;
    return true;
  }

  /** The machine is gone: its live event fires unheeded. */
  disarm(machine: number): void {
    if (machine < this.#armed.length) this.#armed[machine] = UNARMED;
  }

  #grow(machine: number): void {
    const before = this.#armed.length;
    this.#armed = grownFloats(this.#armed, Math.max(before * 2, machine + 1));
    this.#armed.fill(UNARMED, before);
  }
}
