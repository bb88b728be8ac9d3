import { assertNever } from '../core/index.ts';

/** Why a pattern was refused. Positions count code points from 0. */
export type RegexError =
  | {
      readonly code: 'SYNTAX';
      readonly fault: SyntaxFault;
      readonly position: number;
      readonly found: string;
    }
  | { readonly code: 'PATTERN_TOO_LONG'; readonly length: number; readonly lengthMax: number }
  | { readonly code: 'MEMORY_EXCEEDED'; readonly memoryMax: number; readonly instructionsMax: number }
  | { readonly code: 'PROGRAM_TOO_LARGE'; readonly programSize: number; readonly programSizeMax: number };

export type SyntaxFault =
  | 'GROUP_UNCLOSED'
  | 'GROUP_UNOPENED'
  | 'GROUP_UNKNOWN'
  | 'GROUP_NAME_INVALID'
  | 'GROUP_TOO_DEEP'
  | 'LOOK_AROUND'
  | 'BACKREFERENCE'
  | 'ESCAPE_UNKNOWN'
  | 'ESCAPE_UNFINISHED'
  | 'CLASS_UNCLOSED'
  | 'CLASS_NAME_UNKNOWN'
  | 'CLASS_RANGE_REVERSED'
  | 'UNICODE_CLASS'
  | 'CASE_NOT_ASCII'
  | 'REPETITION_OF_NOTHING'
  | 'REPETITION_REPEATED'
  | 'REPETITION_TOO_LARGE'
  | 'NOT_UNICODE';

const FAULTS: { readonly [Fault in SyntaxFault]: string } = {
  GROUP_UNCLOSED: "this group has no closing ')'",
  GROUP_UNOPENED: "there is no '(' before it; a literal one is '\\)'",
  GROUP_UNKNOWN:
    'expected (?:…), (?P<name>…), (?<name>…) or flags out of i, m, s and U, such as (?i) or (?s-i:…)',
  GROUP_NAME_INVALID: 'the name of a group is one or more of A-Z a-z 0-9 _, closed by ">"',
  GROUP_TOO_DEEP: 'groups may be nested 1000 deep',
  LOOK_AROUND: 'look-around is not supported, as it cannot be matched in linear time',
  BACKREFERENCE: 'backreferences are not supported, as they cannot be matched in linear time',
  ESCAPE_UNKNOWN: 'there is no such escape sequence',
  ESCAPE_UNFINISHED: "a literal backslash is '\\\\'",
  CLASS_UNCLOSED: "this character class has no closing ']'",
  CLASS_NAME_UNKNOWN:
    'the named classes are alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, word and xdigit',
  CLASS_RANGE_REVERSED: 'the range ends before it begins',
  UNICODE_CLASS:
    'only Any, Cc, Co and Cs are the same in every version of Unicode; write other classes as ranges, such as [\\x{370}-\\x{3FF}]',
  CASE_NOT_ASCII: 'under (?i) these characters may have case that depends on the version of Unicode',
  REPETITION_OF_NOTHING: 'there is nothing to repeat before it',
  REPETITION_REPEATED: 'a repetition cannot be repeated itself; use a group, as in (?:a*)*',
  REPETITION_TOO_LARGE: 'bounds must be in order and at most 1000, the product of nested ones included',
  NOT_UNICODE: 'half of a surrogate pair is no character',
};

/** What was found where, and what would be accepted. */
export function regexErrorText(error: RegexError): string {
  switch (error.code) {
    case 'SYNTAX':
      return `'${error.found}' at position ${error.position}: ${FAULTS[error.fault]}`;
    case 'PATTERN_TOO_LONG':
      return `it has ${error.length} characters; at most ${error.lengthMax} are read`;
    case 'MEMORY_EXCEEDED':
      return `it needs more than ${error.memoryMax} bytes of memory (${error.instructionsMax} instructions)`;
    case 'PROGRAM_TOO_LARGE':
      return `its program size of ${error.programSize} is larger than the maximum of ${error.programSizeMax}`;
    default:
      return assertNever(error);
  }
}
