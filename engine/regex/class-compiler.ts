import { ALT, BYTE, byteRange } from './program.ts';
import { exit, type Exits, type Fragment, NO_EXITS, type ProgramBuilder } from './program-builder.ts';
import { foldsAscii, LOWER_A, LOWER_Z, RUNE_MAX, type RuneSet, UPPER_A, UPPER_Z } from './rune-set.ts';
import { appendUtf8 } from './utf8.ts';

/** Greatest code points of one, two and three bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff] as const;

/** A program for one character out of `set`, which is not empty. */
export function compileClass(builder: ProgramBuilder, set: RuneSet): Fragment {
  const compiler = new ClassCompiler(builder);
  const isFolded = foldsAscii(set);
  for (const [lo, hi] of set) {
    // With both cases of every letter, lower case instructions that fold serve for both.
    if (isFolded && UPPER_A <= lo && hi <= UPPER_Z) continue;
    const holdsAllLetters = lo <= UPPER_A && LOWER_Z <= hi;
    const holdsNoLetters = hi < UPPER_A || LOWER_Z < lo || (UPPER_Z < lo && hi < LOWER_A);
    compiler.addRange(lo, hi, isFolded && !holdsAllLetters && !holdsNoLetters);
  }
  return compiler.finish();
}

/**
 * Ranges of code points as sequences of ranges of bytes, with common beginnings in a tree and common ends shared: the same layout as
 * RE2's, so that programs have the same size.
 */
class ClassCompiler {
  readonly #builder: ProgramBuilder;
  /** Rows that may be shared, by range and target. */
  readonly #shared = new Map<number, number>();
  #begin = 0;
  #exits: Exits = NO_EXITS;

  constructor(builder: ProgramBuilder) {
    this.#builder = builder;
  }

  finish(): Fragment {
    return { begin: this.#begin, exits: this.#exits, nullable: false };
  }

  addRange(lo: number, hi: number, fold: boolean): void {
    if (lo === 0x80 && hi === RUNE_MAX) return this.#addBeyondAscii();
    for (const last of LAST_OF_LENGTH) {
      if (lo <= last && last < hi) {
        this.addRange(lo, last, fold);
        this.addRange(last + 1, hi, fold);
        return;
      }
    }
    if (hi < 0x80) return this.#addSequence(this.#newRow(byteRange(lo, hi, fold), 0));
    // Pieces in which all bytes but those that run through their whole range agree.
    for (let count = 1; count <= 3; count++) {
      const mask = (1 << (6 * count)) - 1;
      if ((lo & ~mask) === (hi & ~mask)) continue;
      if ((lo & mask) !== 0) {
        this.addRange(lo, lo | mask, fold);
        this.addRange((lo | mask) + 1, hi, fold);
        return;
      }
      if ((hi & mask) !== mask) {
        this.addRange(lo, (hi & ~mask) - 1, fold);
        this.addRange(hi & ~mask, hi, fold);
        return;
      }
    }
    this.#addBytes(lo, hi);
  }

  #addBytes(lo: number, hi: number): void {
    const from: number[] = [];
    const to: number[] = [];
    appendUtf8(from, lo);
    appendUtf8(to, hi);
    let row = 0;
    for (let at = from.length - 1; at >= 0; at--) {
      const range = byteRange(from[at]!, to[at]!, false);
      const isLast = at === from.length - 1;
      const isSharing = isLast || (at > 0 && from[at]! < to[at]!);
      row = isSharing ? this.#sharedRow(range, row) : this.#newRow(range, row);
    }
    this.#addSequence(row);
  }

  /** All beyond ASCII in six rows: sequences that are no UTF-8 may pass, as no text holds them. */
  #addBeyondAscii(): void {
    const last = this.#newRow(byteRange(0x80, 0xbf, false), 0);
    this.#addSequence(this.#newRow(byteRange(0xc2, 0xdf, false), last));
    const middle = this.#newRow(byteRange(0x80, 0xbf, false), last);
    this.#addSequence(this.#newRow(byteRange(0xe0, 0xef, false), middle));
    const second = this.#newRow(byteRange(0x80, 0xbf, false), middle);
    this.#addSequence(this.#newRow(byteRange(0xf0, 0xf4, false), second));
  }

  /** A row that leads to `next`, or out of the class if that is 0. */
  #newRow(range: number, next: number): number {
    const row = this.#builder.add(BYTE, next, range);
    if (next === 0) this.#exits = this.#builder.join(this.#exits, exit(row * 2));
    return row;
  }

  #sharedRow(range: number, next: number): number {
    const key = sharingKey(range, next);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const row = this.#newRow(range, next);
    this.#shared.set(key, row);
    return row;
  }

  #addSequence(row: number): void {
    this.#begin = this.#begin === 0 ? row : this.#insert(this.#begin, row);
  }

  /**
   * Adds the sequence that begins at `row` to the tree at `root`; the new root. Only the alternative added last can begin with the same
   * range, since code points come in ascending order.
   */
  #insert(root: number, row: number): number {
    const { opcodes, outs, args } = this.#builder;
    const isChoice = opcodes[root] === ALT;
    let head = isChoice ? args[root]! : root;
    if (args[head] !== args[row]) return this.#builder.add(ALT, root, row);
    let top = root;
    if (this.#isShared(head)) {
      // Others go through the shared row: extend a copy of it.
      head = this.#builder.add(BYTE, outs[head]!, args[head]!);
      if (isChoice) args[root] = head;
      else top = head;
    }
    const rest = outs[row]!;
    if (!this.#isShared(row)) this.#builder.removeLast();
    outs[head] = this.#insert(outs[head]!, rest);
    return top;
  }

  #isShared(row: number): boolean {
    return this.#shared.has(sharingKey(this.#builder.args[row]!, this.#builder.outs[row]!));
  }
}

function sharingKey(range: number, next: number): number {
  return next * (1 << 17) + range;
}
