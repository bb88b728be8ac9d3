import { assert, assertNever } from '../core/index.ts';
import { isFull } from './rune-set.ts';
import {
  ANY_RUNE,
  concatenation,
  type CountedRepetition,
  EMPTY,
  isNonGreedy,
  isOneCharacter,
  literal,
  NO_MATCH,
  type Repetition,
  repetition,
  sameSyntax,
  type Syntax,
} from './syntax.ts';

/** The same pattern without counted repetitions: `x{2,4}` is `xx(?:x(?:x)?)?`. Parts that need no change stay the same objects. */
export function simplify(syntax: Syntax): Syntax {
  return expand(coalesce(syntax));
}

/** Joins repetitions of one character with what follows of the same: `a+a*aab` is `a{3,}b`. Children first. */
function coalesce(syntax: Syntax): Syntax {
  switch (syntax.op) {
    case 'repetition':
    case 'counted':
    case 'capture': {
      const sub = coalesce(syntax.sub);
      return sub === syntax.sub ? syntax : { ...syntax, sub };
    }
    case 'alternation': {
      const subs = syntax.subs.map(coalesce);
      return areSame(subs, syntax.subs) ? syntax : { ...syntax, subs };
    }
    case 'concatenation': {
      const subs = syntax.subs.map(coalesce);
      const joined = joinRepetitions(subs);
      if (joined !== null) return { ...syntax, subs: joined };
      return areSame(subs, syntax.subs) ? syntax : { ...syntax, subs };
    }
    default:
      return syntax;
  }
}

/** null if there is nothing to join. */
function joinRepetitions(subs: readonly Syntax[]): readonly Syntax[] | null {
  const joined: Syntax[] = [];
  let isJoined = false;
  for (const sub of subs) {
    const together = joined.length === 0 ? null : joinTwo(joined[joined.length - 1]!, sub);
    if (together === null) {
      joined.push(sub);
      continue;
    }
    isJoined = true;
    joined.pop();
    joined.push(...together);
  }
  return isJoined ? joined.filter(({ op }) => op !== 'empty') : null;
}

/** What the two are together, if the first repeats a character and the second begins with it. */
function joinTwo(first: Syntax, second: Syntax): readonly Syntax[] | null {
  if (!isRepetition(first) || !isOneCharacter(first.sub)) return null;
  const character = first.sub;
  const { min, max } = bounds(first);
  const longer = (moreMin: number, moreMax: number | null): Syntax => ({
    op: 'counted',
    min: min + moreMin,
    max: max === null || moreMax === null ? null : max + moreMax,
    flags: first.flags,
    sub: character,
  });
  if (isRepetition(second)) {
    if (!sameSyntax(character, second.sub) || isNonGreedy(first) !== isNonGreedy(second)) return null;
    const more = bounds(second);
    return [longer(more.min, more.max)];
  }
  if (sameSyntax(character, second)) return [longer(1, 1)];
  if (character.op !== 'literal' || second.op !== 'literal' || character.fold !== second.fold) return null;
  let count = 0;
  while (second.runes[count] === character.runes[0]) count++;
  if (count === 0) return null;
  const rest = literal(second.runes.slice(count), second.fold);
  return rest.op === 'empty' ? [longer(count, count)] : [longer(count, count), rest];
}

function isRepetition(syntax: Syntax): syntax is Repetition | CountedRepetition {
  return syntax.op === 'repetition' || syntax.op === 'counted';
}

function bounds(repeated: Repetition | CountedRepetition): {
  readonly min: number;
  readonly max: number | null;
} {
  if (repeated.op === 'counted') return repeated;
  return { min: repeated.kind === 'plus' ? 1 : 0, max: repeated.kind === 'quest' ? 1 : null };
}

/** Turns counted repetitions into plain ones. Children first. */
function expand(syntax: Syntax): Syntax {
  switch (syntax.op) {
    case 'capture': {
      const sub = expand(syntax.sub);
      return sub === syntax.sub ? syntax : { ...syntax, sub };
    }
    case 'concatenation':
    case 'alternation': {
      const subs = syntax.subs.map(expand);
      return areSame(subs, syntax.subs) ? syntax : { ...syntax, subs };
    }
    case 'repetition': {
      const sub = expand(syntax.sub);
      if (sub.op === 'empty') return sub;
      if (sub === syntax.sub) return syntax;
      const isTwice = sub.op === 'repetition' && sub.kind === syntax.kind && sub.flags === syntax.flags;
      return isTwice ? sub : { ...syntax, sub };
    }
    case 'counted': {
      const sub = expand(syntax.sub);
      return sub.op === 'empty' ? sub : expandCounted(sub, syntax);
    }
    case 'class':
      if (syntax.set.length === 0) return NO_MATCH;
      return isFull(syntax.set) ? ANY_RUNE : syntax;
    case 'noMatch':
    case 'empty':
    case 'anyRune':
    case 'anyByte':
    case 'literal':
    case 'assertion':
      return syntax;
    default:
      return assertNever(syntax);
  }
}

function expandCounted(sub: Syntax, { min: least, max: most, flags }: CountedRepetition): Syntax {
  const isOnceEnough = isAssertionOnly(sub);
  const min = isOnceEnough ? Math.min(least, 1) : least;
  const max = isOnceEnough && most !== null ? Math.min(most, 1) : most;
  if (max === null) {
    if (min === 0) return repetition('star', sub, flags);
    return concatenation([...copies(sub, min - 1), repetition('plus', sub, flags)]);
  }
  if (max === 0) return EMPTY;
  assert(max >= min, 'the reader refuses bounds out of order');
  const needed = concatenation(copies(sub, min));
  if (max === min) return needed;
  // Nested, so that a machine gives up on all of the rest at once: x{2,5} is xx(x(x(x)?)?)?
  let optional = repetition('quest', sub, flags);
  for (let count = min + 1; count < max; count++) {
    optional = repetition('quest', { op: 'concatenation', subs: [sub, optional] }, flags);
  }
  return min === 0 ? optional : { op: 'concatenation', subs: [needed, optional] };
}

/** An assertion that holds once holds twice. */
function isAssertionOnly(syntax: Syntax): boolean {
  if (syntax.op === 'assertion') return true;
  return (
    (syntax.op === 'concatenation' || syntax.op === 'alternation') &&
    syntax.subs.every(({ op }) => op === 'assertion')
  );
}

function copies(syntax: Syntax, count: number): readonly Syntax[] {
  return Array.from({ length: count }, () => syntax);
}

function areSame(a: readonly Syntax[], b: readonly Syntax[]): boolean {
  return a.every((one, at) => one === b[at]);
}
