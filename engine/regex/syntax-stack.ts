import { factorAlternatives } from './factor-alternation.ts';
import { contains, CASE_DISTANCE, RUNE_MAX, type RuneSet, UPPER_A, UPPER_Z } from './rune-set.ts';
import {
  alternation,
  type Assertion,
  concatenation,
  EMPTY,
  FOLD_CASE,
  isLiteralRune,
  repetition,
  type RepetitionKind,
  type Syntax,
} from './syntax.ts';

/** What stands between a `(` (or the beginning) and where the reader is. */
interface Group {
  /** In force before the group; they return with its `)`. */
  readonly outerFlags: number;
  readonly isCapture: boolean;
  readonly position: number;
  /** Closed by `|`. */
  readonly alternatives: Syntax[];
  /** Since the last `|`. Neighbouring literals are joined as late as possible: a repetition takes only the last character. */
  readonly pieces: Syntax[];
}

/** Builds the tree of a pattern piece by piece, joining and factoring what RE2 joins and factors while it reads. */
export class SyntaxStack {
  /** Of the place that is being read. */
  flags = 0;
  readonly #groups: Group[] = [newGroup(0, false, 0)];

  get depth(): number {
    return this.#groups.length - 1;
  }

  /** Where the innermost open group began, or null. */
  get openGroup(): number | null {
    return this.depth === 0 ? null : this.#group.position;
  }

  get #group(): Group {
    return this.#groups[this.#groups.length - 1]!;
  }

  pushLiteral(rune: number): void {
    this.#push({ op: 'literal', runes: [rune], fold: (this.flags & FOLD_CASE) !== 0 });
  }

  /** One character, and an ASCII letter in both cases, are literals. */
  pushClass(set: RuneSet): void {
    const [first, second] = set;
    const fold = (this.flags & FOLD_CASE) !== 0;
    if (first === undefined || set.length > 2) this.#push({ op: 'class', set });
    else if (set.length === 1 && first[0] === first[1])
      this.#push({ op: 'literal', runes: [first[0]], fold });
    else if (
      second !== undefined &&
      first[0] === first[1] &&
      second[0] === second[1] &&
      first[0] >= UPPER_A &&
      first[0] <= UPPER_Z &&
      contains(set, first[0] + CASE_DISTANCE)
    )
      this.#push({ op: 'literal', runes: [second[0]], fold: true });
    else this.#push({ op: 'class', set });
  }

  pushAnyRune(): void {
    this.#push({ op: 'anyRune' });
  }

  pushAllButNewline(): void {
    this.#push({ op: 'class', set: ALL_BUT_NEWLINE });
  }

  pushAnyByte(): void {
    this.#push({ op: 'anyByte' });
  }

  pushAssertion(assertion: Assertion): void {
    this.#push({ op: 'assertion', assertion });
  }

  /** False if there is nothing to repeat. */
  repeat(kind: RepetitionKind, flags: number): boolean {
    const { pieces } = this.#group;
    const last = pieces.pop();
    if (last === undefined) return false;
    pieces.push(repetition(kind, last, flags));
    return true;
  }

  /** What repeats `min` to `max` times, or null if there is nothing to repeat. */
  repeatCounted(min: number, max: number | null, flags: number): Syntax | null {
    const { pieces } = this.#group;
    const sub = pieces.pop();
    if (sub === undefined) return null;
    const repeated: Syntax = { op: 'counted', min, max, flags, sub };
    pieces.push(repeated);
    return repeated;
  }

  openGroupAt(position: number, isCapture: boolean, innerFlags: number): void {
    joinLiterals(this.#group.pieces);
    this.#groups.push(newGroup(this.flags, isCapture, position));
    this.flags = innerFlags;
  }

  /** `|`. */
  alternative(): void {
    const { alternatives, pieces } = this.#group;
    joinLiterals(pieces);
    const closed = flattened('concatenation', pieces);
    pieces.length = 0;
    const before = alternatives.at(-1);
    // Beside (?s). another single character says nothing.
    if (before?.op === 'anyRune' && (isClassOrRune(closed) || closed.op === 'anyRune')) return;
    if (closed.op === 'anyRune' && before !== undefined && isClassOrRune(before)) alternatives.pop();
    alternatives.push(closed);
  }

  /** `)`. False if no group is open. */
  closeGroup(): boolean {
    if (this.depth === 0) return false;
    const inner = this.#finishGroup();
    const { outerFlags, isCapture } = this.#groups.pop()!;
    this.flags = outerFlags;
    this.#push(isCapture ? { op: 'capture', sub: inner } : inner);
    return true;
  }

  /** The whole tree. Every group is closed. */
  finish(): Syntax {
    return this.#finishGroup();
  }

  #finishGroup(): Syntax {
    this.alternative();
    return flattened('alternation', this.#group.alternatives);
  }

  #push(piece: Syntax): void {
    const { pieces } = this.#group;
    joinLiterals(pieces);
    pieces.push(piece);
  }
}

const ALL_BUT_NEWLINE: RuneSet = [
  [0, 0x09],
  [0x0b, RUNE_MAX],
];

function newGroup(outerFlags: number, isCapture: boolean, position: number): Group {
  return { outerFlags, isCapture, position, alternatives: [], pieces: [] };
}

function isClassOrRune(piece: Syntax): boolean {
  return piece.op === 'class' || isLiteralRune(piece);
}

/** Joins the last two pieces if both are literals that treat case alike. */
function joinLiterals(pieces: Syntax[]): void {
  const last = pieces.at(-1);
  const before = pieces.at(-2);
  if (last?.op !== 'literal' || before?.op !== 'literal' || last.fold !== before.fold) return;
  pieces.length -= 2;
  pieces.push({ op: 'literal', runes: [...before.runes, ...last.runes], fold: last.fold });
}

/** One node of several parts; parts of the same kind, from groups that capture nothing, become parts of it. */
function flattened(op: 'concatenation' | 'alternation', parts: readonly Syntax[]): Syntax {
  if (parts.length === 0) return EMPTY;
  if (parts.length === 1) return parts[0]!;
  const subs = parts.flatMap((part) => (part.op === op ? part.subs : [part]));
  return op === 'concatenation' ? concatenation(subs) : alternation(factorAlternatives(subs));
}
