import { err, ok, type Result } from '../core/index.ts';
import { compileProgram } from './compile.ts';
import { type FlatProgram, flatten } from './flatten.ts';
import { Matcher } from './matcher.ts';
import { parsePattern } from './parse.ts';
import type { RegexError } from './regex-error.ts';
import { simplify } from './simplify.ts';
import { concatenation, type Syntax } from './syntax.ts';

export interface RegexLimits {
  /** Most rows of the program as it runs (`--offer_constraints_re2_max_program_size`). */
  readonly programSizeMax: number;
  /**
   * Bytes, as RE2 counts them (`--offer_constraints_re2_max_mem`): two thirds are for the program that reads forward, of which 432 are
   * fixed and the rest holds instructions of 8 bytes. It bounds the program while it is built, so also the work of building it: a pattern
   * that would grow beyond is given up at once. (RE2 keeps states of its automaton in what is left; there are none here.)
   */
  readonly memoryMax: number;
}

/** Mesos's defaults (spec 17). */
export const DEFAULT_REGEX_LIMITS: RegexLimits = { programSizeMax: 100, memoryMax: 4096 };

/** For patterns whose limits were checked before. */
export const NO_REGEX_LIMITS: RegexLimits = { programSizeMax: Infinity, memoryMax: Infinity };

/** What RE2's program takes without its instructions (release of 2025), bytes. */
const PROGRAM_BYTES = 432;
const INSTRUCTION_BYTES = 8;
const INSTRUCTIONS_MAX = 2 ** 24;

/** A compiled pattern. Matching takes time in proportion to program size × text, whatever the pattern. */
export interface Regex {
  /** As RE2's `ProgramSize`. */
  readonly programSize: number;
  /** Whether the pattern matches the text from its beginning to its end. */
  matchesWhole(text: string): boolean;
}

/**
 * Compiles a pattern in RE2's syntax (spec 03 §10). Refusals name the position and what was found, or the limit.
 *
 * Sizes are those of RE2 (release of 2025), as the tree is factored and laid out as RE2 does it, with one exception: `\C*` at the end takes one row less.
 * Refused although RE2 accepts it: Unicode classes other than Any, Cc, Co and Cs, (?i) on characters beyond ASCII that may have case,
 * names of groups beyond ASCII, groups nested more than 1000 deep, patterns of more than 4,096 characters.
 */
export function compileRegex(pattern: string, limits: RegexLimits): Result<Regex, RegexError> {
  const parsed = parsePattern(pattern);
  if (!parsed.ok) return parsed;
  const instructionsMax = instructionsWithin(limits.memoryMax);
  const { prefix, rest } = splitPrefix(parsed.value);
  const program = compileProgram(simplify(rest), instructionsMax);
  if (program === null) return err({ code: 'MEMORY_EXCEEDED', memoryMax: limits.memoryMax, instructionsMax });
  const flat: FlatProgram = flatten(program);
  const programSize = flat.opcodes.length;
  if (programSize > limits.programSizeMax)
    return err({ code: 'PROGRAM_TOO_LARGE', programSize, programSizeMax: limits.programSizeMax });
  return ok(new Matcher(flat, prefix));
}

function instructionsWithin(memoryMax: number): number {
  const bytes = Math.floor((memoryMax * 2) / 3) - PROGRAM_BYTES;
  return Math.min(Math.max(Math.floor(bytes / INSTRUCTION_BYTES), 0), INSTRUCTIONS_MAX);
}

/** Text that every match begins with. */
export type Prefix = Extract<Syntax, { op: 'literal' }>;

/** RE2 compares the literal behind `^` by itself and leaves it out of the program, whose size is limited. */
function splitPrefix(syntax: Syntax): { readonly prefix: Prefix | null; readonly rest: Syntax } {
  if (syntax.op === 'concatenation') {
    const count = syntax.subs.findIndex((sub) => sub.op !== 'assertion' || sub.assertion !== 'beginText');
    const prefix = syntax.subs[count];
    if (count > 0 && prefix?.op === 'literal') {
      return { prefix, rest: concatenation(syntax.subs.slice(count + 1)) };
    }
  }
  return { prefix: null, rest: syntax };
}
