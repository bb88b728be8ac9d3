import { ALT, BYTE, byteRange, FAIL, NOP } from './program.ts';

/** Thrown when the program has no room left; never leaves this folder. */
export class ProgramFull extends Error {}

/**
 * Exits of a fragment whose target is not yet known. They are threaded through the very fields that will hold the target: `2 × row` is
 * `out` of the row, `2 × row + 1` its `arg`; 0 ends the list.
 */
export interface Exits {
  readonly head: number;
  readonly tail: number;
}

export const NO_EXITS: Exits = { head: 0, tail: 0 };

/** A piece of program: where it begins (0: it matches nothing), its open exits, and whether it may match the empty text. */
export interface Fragment {
  readonly begin: number;
  readonly exits: Exits;
  readonly nullable: boolean;
}

export const NOTHING: Fragment = { begin: 0, exits: NO_EXITS, nullable: false };

/** Thompson's construction, as RE2 lays it out. Every call may throw `ProgramFull`. */
export class ProgramBuilder {
  readonly opcodes: number[] = [];
  readonly outs: number[] = [];
  readonly args: number[] = [];
  readonly #instructionsMax: number;

  constructor(instructionsMax: number) {
    this.#instructionsMax = instructionsMax;
    this.opcodes.push(FAIL);
    this.outs.push(0);
    this.args.push(0);
  }

  get size(): number {
    return this.opcodes.length;
  }

  add(opcode: number, out: number, arg: number): number {
    if (this.opcodes.length >= this.#instructionsMax) throw new ProgramFull();
    this.outs.push(out);
    this.args.push(arg);
    return this.opcodes.push(opcode) - 1;
  }

  /** Takes the instruction added last away again. */
  removeLast(): void {
    this.opcodes.pop();
    this.outs.pop();
    this.args.pop();
  }

  /** One instruction with one exit. */
  single(opcode: number, arg: number, nullable: boolean): Fragment {
    const row = this.add(opcode, 0, arg);
    return { begin: row, exits: exit(row * 2), nullable };
  }

  byte(lo: number, hi: number, fold: boolean): Fragment {
    return this.single(BYTE, byteRange(lo, hi, fold), false);
  }

  empty(): Fragment {
    return this.single(NOP, 0, true);
  }

  concatenate(a: Fragment, b: Fragment): Fragment {
    if (a.begin === 0 || b.begin === 0) return NOTHING;
    const isNop = this.opcodes[a.begin] === NOP && a.exits.head === a.begin * 2 && this.outs[a.begin] === 0;
    this.connect(a.exits, b.begin);
    if (isNop) return b;
    return { begin: a.begin, exits: b.exits, nullable: a.nullable && b.nullable };
  }

  alternate(a: Fragment, b: Fragment): Fragment {
    if (a.begin === 0) return b;
    if (b.begin === 0) return a;
    const row = this.add(ALT, a.begin, b.begin);
    return { begin: row, exits: this.join(a.exits, b.exits), nullable: a.nullable || b.nullable };
  }

  plus(a: Fragment, nonGreedy: boolean): Fragment {
    const { row, exits } = this.#choice(a.begin, nonGreedy);
    this.connect(a.exits, row);
    return { begin: a.begin, exits, nullable: a.nullable };
  }

  star(a: Fragment, nonGreedy: boolean): Fragment {
    // One choice would lose the order of preference if the inside can be empty; RE2 adds a second.
    if (a.nullable) return this.quest(this.plus(a, nonGreedy), nonGreedy);
    const { row, exits } = this.#choice(a.begin, nonGreedy);
    this.connect(a.exits, row);
    return { begin: row, exits, nullable: true };
  }

  quest(a: Fragment, nonGreedy: boolean): Fragment {
    if (a.begin === 0) return this.empty();
    const { row, exits } = this.#choice(a.begin, nonGreedy);
    return { begin: row, exits: this.join(exits, a.exits), nullable: true };
  }

  /** Lets all exits lead to `target`. */
  connect(exits: Exits, target: number): void {
    for (let at = exits.head; at !== 0; ) {
      const column = (at & 1) === 0 ? this.outs : this.args;
      const next = column[at >> 1]!;
      column[at >> 1] = target;
      at = next;
    }
  }

  join(a: Exits, b: Exits): Exits {
    if (a.head === 0) return b;
    if (b.head === 0) return a;
    const column = (a.tail & 1) === 0 ? this.outs : this.args;
    column[a.tail >> 1] = b.head;
    return { head: a.head, tail: b.tail };
  }

  /** Into `begin` or out; the preferred way comes first. */
  #choice(begin: number, nonGreedy: boolean): { readonly row: number; readonly exits: Exits } {
    const row = nonGreedy ? this.add(ALT, 0, begin) : this.add(ALT, begin, 0);
    return { row, exits: exit(nonGreedy ? row * 2 : row * 2 + 1) };
  }
}

/** A single exit. */
export function exit(at: number): Exits {
  return { head: at, tail: at };
}
