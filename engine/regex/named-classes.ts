import { complement, RUNE_MAX, type RuneRange, type RuneSet } from './rune-set.ts';

/** A class with a name, and whether it is written as everything else: `\D`, `[[:^alpha:]]`. */
export interface NamedClass {
  readonly set: RuneSet;
  readonly negated: boolean;
}

const DIGIT: RuneRange = [0x30, 0x39];
const UPPER: RuneRange = [0x41, 0x5a];
const LOWER: RuneRange = [0x61, 0x7a];

/** The space of Perl: without vertical tab, unlike POSIX's. */
const PERL_SPACE: RuneSet = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const WORD: RuneSet = [DIGIT, UPPER, [0x5f, 0x5f], LOWER];

/** `\d`, `\s`, `\w` and their opposites; null for another letter. */
export function perlClass(letter: string): NamedClass | null {
  switch (letter) {
    case 'd':
    case 'D':
      return { set: [DIGIT], negated: letter === 'D' };
    case 's':
    case 'S':
      return { set: PERL_SPACE, negated: letter === 'S' };
    case 'w':
    case 'W':
      return { set: WORD, negated: letter === 'W' };
    default:
      return null;
  }
}

/** `alpha`, `^alpha` and so on, as they stand between `[:` and `:]`; null for another name. */
export function posixClass(name: string): NamedClass | null {
  const negated = name.startsWith('^');
  const set = posixSet(negated ? name.slice(1) : name);
  return set === null ? null : { set, negated };
}

function posixSet(name: string): RuneSet | null {
  switch (name) {
    case 'alnum':
      return [DIGIT, UPPER, LOWER];
    case 'alpha':
      return [UPPER, LOWER];
    case 'ascii':
      return [[0, 0x7f]];
    case 'blank':
      return [
        [0x09, 0x09],
        [0x20, 0x20],
      ];
    case 'cntrl':
      return [
        [0, 0x1f],
        [0x7f, 0x7f],
      ];
    case 'digit':
      return [DIGIT];
    case 'graph':
      return [[0x21, 0x7e]];
    case 'lower':
      return [LOWER];
    case 'print':
      return [[0x20, 0x7e]];
    case 'punct':
      return [
        [0x21, 0x2f],
        [0x3a, 0x40],
        [0x5b, 0x60],
        [0x7b, 0x7e],
      ];
    case 'space':
      return [
        [0x09, 0x0d],
        [0x20, 0x20],
      ];
    case 'upper':
      return [UPPER];
    case 'word':
      return WORD;
    case 'xdigit':
      return [DIGIT, [0x41, 0x46], [0x61, 0x66]];
    default:
      return null;
  }
}

/**
 * The classes of `\p{…}` that no version of Unicode changes (its stability policy fixes Cc, Co and Cs); null for any other. The rest would
 * make the answer depend on the tables of the machine, and RE2's tables for letters exceed the default limits many times anyway.
 */
export function unicodeClass(name: string): NamedClass | null {
  const negated = name.startsWith('^');
  const set = unicodeSet(negated ? name.slice(1) : name);
  return set === null ? null : { set, negated };
}

function unicodeSet(name: string): RuneSet | null {
  switch (name) {
    case 'Any':
      return complement([]);
    case 'Cc':
      return [
        [0, 0x1f],
        [0x7f, 0x9f],
      ];
    case 'Co':
      return [
        [0xe000, 0xf8ff],
        [0xf0000, 0xffffd],
        [0x100000, RUNE_MAX - 2],
      ];
    case 'Cs':
      return [[0xd800, 0xdfff]];
    default:
      return null;
  }
}
