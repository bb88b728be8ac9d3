import { assertNever } from '../core/index.ts';
import { compileClass } from './class-compiler.ts';
import {
  ASSERT,
  ASSERT_BEGIN_LINE,
  ASSERT_BEGIN_TEXT,
  ASSERT_END_LINE,
  ASSERT_END_TEXT,
  ASSERT_NO_WORD_BOUNDARY,
  ASSERT_WORD_BOUNDARY,
  CAPTURE,
  MATCH,
  type Program,
} from './program.ts';
import { type Fragment, NO_EXITS, NOTHING, ProgramBuilder, ProgramFull } from './program-builder.ts';
import { complement } from './rune-set.ts';
import { type Assertion, concatenation, EMPTY, isNonGreedy, type Syntax } from './syntax.ts';
import { appendUtf8 } from './utf8.ts';

/** How deep an anchor is looked for. */
const ANCHOR_DEPTH_MAX = 4;

/** The program of a simplified pattern, or null if it needs more than `instructionsMax` instructions. */
export function compileProgram(syntax: Syntax, instructionsMax: number): Program | null {
  const fromBegin = withoutAnchor(syntax, 'begin', 0);
  const body = withoutAnchor(fromBegin ?? syntax, 'end', 0) ?? fromBegin ?? syntax;
  try {
    const builder = new ProgramBuilder(instructionsMax);
    const compiler = new Compiler(builder, instructionsMax);
    const match: Fragment = { begin: 0, exits: NO_EXITS, nullable: false };
    const inner = compiler.compile(body);
    const whole = builder.concatenate(inner, { ...match, begin: builder.add(MATCH, 0, 0) });
    const searching =
      fromBegin === null
        ? builder.concatenate(builder.star(builder.byte(0, 0xff, false), true), whole)
        : whole;
    const { opcodes, outs, args } = builder;
    return { opcodes, outs, args, start: whole.begin, startUnanchored: searching.begin };
  } catch (error) {
    if (error instanceof ProgramFull) return null;
    throw error;
  }
}

class Compiler {
  readonly #builder: ProgramBuilder;
  /** RE2 gives up on trees much larger than the program that they could become. */
  #visitsLeft: number;

  constructor(builder: ProgramBuilder, instructionsMax: number) {
    this.#builder = builder;
    this.#visitsLeft = 2 * instructionsMax;
  }

  compile(syntax: Syntax): Fragment {
    if (this.#visitsLeft-- <= 0) throw new ProgramFull();
    const builder = this.#builder;
    switch (syntax.op) {
      case 'noMatch':
        return NOTHING;
      case 'empty':
        return builder.empty();
      case 'literal':
        return this.#literal(syntax.runes, syntax.fold);
      case 'class':
        return compileClass(builder, syntax.set);
      case 'anyRune':
        return compileClass(builder, complement([]));
      case 'anyByte':
        return builder.byte(0, 0xff, false);
      case 'assertion':
        return builder.single(ASSERT, assertionBit(syntax.assertion), true);
      case 'capture':
        return this.#capture(this.compile(syntax.sub));
      case 'concatenation':
        return syntax.subs
          .map((sub) => this.compile(sub))
          .reduce((before, next) => builder.concatenate(before, next));
      case 'alternation':
        return syntax.subs
          .map((sub) => this.compile(sub))
          .reduce((before, next) => builder.alternate(before, next));
      case 'repetition': {
        const sub = this.compile(syntax.sub);
        return builder[syntax.kind](sub, isNonGreedy(syntax));
      }
      case 'counted':
        throw new TypeError('counted repetitions were expanded before');
      default:
        return assertNever(syntax);
    }
  }

  #literal(runes: readonly number[], fold: boolean): Fragment {
    let whole: Fragment | null = null;
    const bytes: number[] = [];
    for (const rune of runes) appendUtf8(bytes, rune);
    for (const byte of bytes) {
      const next = this.#builder.byte(byte, byte, fold && byte < 0x80);
      whole = whole === null ? next : this.#builder.concatenate(whole, next);
    }
    return whole ?? this.#builder.empty();
  }

  #capture(inner: Fragment): Fragment {
    if (inner.begin === 0) return NOTHING;
    const begin = this.#builder.add(CAPTURE, inner.begin, 0);
    const end = this.#builder.single(CAPTURE, 0, true);
    this.#builder.connect(inner.exits, end.begin);
    return { begin, exits: end.exits, nullable: inner.nullable };
  }
}

function assertionBit(assertion: Assertion): number {
  switch (assertion) {
    case 'beginLine':
      return ASSERT_BEGIN_LINE;
    case 'endLine':
      return ASSERT_END_LINE;
    case 'beginText':
      return ASSERT_BEGIN_TEXT;
    case 'endText':
    case 'dollar':
      return ASSERT_END_TEXT;
    case 'wordBoundary':
      return ASSERT_WORD_BOUNDARY;
    case 'noWordBoundary':
      return ASSERT_NO_WORD_BOUNDARY;
    default:
      return assertNever(assertion);
  }
}

/** The pattern without the anchor that it plainly begins or ends with, which a match of the whole text does not need; null if there is none. */
function withoutAnchor(syntax: Syntax, side: 'begin' | 'end', depth: number): Syntax | null {
  if (depth >= ANCHOR_DEPTH_MAX) return null;
  switch (syntax.op) {
    case 'assertion':
      return isAnchor(syntax.assertion, side) ? EMPTY : null;
    case 'capture': {
      const sub = withoutAnchor(syntax.sub, side, depth + 1);
      return sub === null ? null : { ...syntax, sub };
    }
    case 'concatenation': {
      const at = side === 'begin' ? 0 : syntax.subs.length - 1;
      const sub = withoutAnchor(syntax.subs[at]!, side, depth + 1);
      return sub === null ? null : concatenation(syntax.subs.map((one, index) => (index === at ? sub : one)));
    }
    default:
      return null;
  }
}

function isAnchor(assertion: Assertion, side: 'begin' | 'end'): boolean {
  return side === 'begin' ? assertion === 'beginText' : assertion === 'endText' || assertion === 'dollar';
}
