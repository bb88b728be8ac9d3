import { type RuneSet, sameSet } from './rune-set.ts';

/** Flags in force where a piece was written; bits of one number, as pieces are compared by all of them at once. */
export const FOLD_CASE = 1;
export const MULTI_LINE = 2;
export const DOT_NEWLINE = 4;
export const NON_GREEDY = 8;

export type Assertion =
  | 'beginLine'
  | 'endLine'
  | 'beginText'
  | 'endText'
  /** `$` outside (?m): the end of the text as well, yet another piece to RE2 when it looks for common prefixes. */
  | 'dollar'
  | 'wordBoundary'
  | 'noWordBoundary';

export type RepetitionKind = 'star' | 'plus' | 'quest';

/** A pattern as a tree; never changed once made, so that parts are shared freely. */
export type Syntax =
  | { readonly op: 'noMatch' | 'empty' | 'anyRune' | 'anyByte' }
  /** One or more code points in a row; with `fold`, ASCII letters in either case. */
  | { readonly op: 'literal'; readonly runes: readonly number[]; readonly fold: boolean }
  | { readonly op: 'class'; readonly set: RuneSet }
  | { readonly op: 'assertion'; readonly assertion: Assertion }
  | { readonly op: 'concatenation' | 'alternation'; readonly subs: readonly Syntax[] }
  | { readonly op: 'capture'; readonly sub: Syntax }
  | Repetition
  | CountedRepetition;

export interface Repetition {
  readonly op: 'repetition';
  readonly kind: RepetitionKind;
  readonly flags: number;
  readonly sub: Syntax;
}

export interface CountedRepetition {
  readonly op: 'counted';
  readonly min: number;
  /** null for no upper bound. */
  readonly max: number | null;
  readonly flags: number;
  readonly sub: Syntax;
}

export const EMPTY: Syntax = { op: 'empty' };
export const NO_MATCH: Syntax = { op: 'noMatch' };
export const ANY_RUNE: Syntax = { op: 'anyRune' };

export function literal(runes: readonly number[], fold: boolean): Syntax {
  return runes.length === 0 ? EMPTY : { op: 'literal', runes, fold };
}

export function concatenation(subs: readonly Syntax[]): Syntax {
  if (subs.length === 0) return EMPTY;
  return subs.length === 1 ? subs[0]! : { op: 'concatenation', subs };
}

export function alternation(subs: readonly Syntax[]): Syntax {
  if (subs.length === 0) return NO_MATCH;
  return subs.length === 1 ? subs[0]! : { op: 'alternation', subs };
}

/** `sub*`, `sub+` or `sub?`, where two in a row under the same flags are one: `**`, `++`, `??` stay, any mixture is `*`. */
export function repetition(kind: RepetitionKind, sub: Syntax, flags: number): Syntax {
  if (sub.op === 'repetition' && sub.flags === flags)
    return sub.kind === kind || sub.kind === 'star'
      ? sub
      : { op: 'repetition', kind: 'star', flags, sub: sub.sub };
  return { op: 'repetition', kind, flags, sub };
}

/** Whether it stands for exactly one character (or byte): what RE2 counts and merges. */
export function isOneCharacter(piece: Syntax): boolean {
  return isLiteralRune(piece) || piece.op === 'class' || piece.op === 'anyRune' || piece.op === 'anyByte';
}

/** Whether it is a literal of one code point. */
export function isLiteralRune(piece: Syntax): boolean {
  return piece.op === 'literal' && piece.runes.length === 1;
}

/** Whether two pieces without parts, or repetitions of such, are the same. Others never are: nobody asks. */
export function sameSyntax(a: Syntax, b: Syntax): boolean {
  switch (a.op) {
    case 'literal':
      return (
        b.op === 'literal' &&
        a.fold === b.fold &&
        a.runes.length === b.runes.length &&
        a.runes.every((rune, at) => rune === b.runes[at])
      );
    case 'class':
      return b.op === 'class' && sameSet(a.set, b.set);
    case 'assertion':
      return b.op === 'assertion' && a.assertion === b.assertion;
    case 'counted':
      return (
        b.op === 'counted' &&
        a.min === b.min &&
        a.max === b.max &&
        isNonGreedy(a) === isNonGreedy(b) &&
        sameSyntax(a.sub, b.sub)
      );
    case 'anyRune':
    case 'anyByte':
      return a.op === b.op;
    default:
      return false;
  }
}

export function isNonGreedy({ flags }: { readonly flags: number }): boolean {
  return (flags & NON_GREEDY) !== 0;
}
