import { foldedRanges } from './case-folding.ts';
import { type RuneRange, runeSet } from './rune-set.ts';
import {
  alternation,
  concatenation,
  EMPTY,
  isLiteralRune,
  isOneCharacter,
  literal,
  sameSyntax,
  type Syntax,
} from './syntax.ts';

/**
 * Alternatives in the order given, with what neighbours begin with in common taken out: first common text, then a common first piece,
 * at last single characters side by side become a class (`foo|fob|bar` → `fo(?:[ob])|bar`). As RE2 does it, since the size of the
 * program, which is limited, depends on it.
 */
export function factorAlternatives(alternatives: readonly Syntax[]): readonly Syntax[] {
  return mergeCharacters(takeOutPiece(takeOutText(alternatives)));
}

function takeOutText(alternatives: readonly Syntax[]): readonly Syntax[] {
  const factored: Syntax[] = [];
  for (let start = 0; start < alternatives.length; ) {
    const lead = leadingLiteral(alternatives[start]!);
    let common = lead?.runes ?? [];
    let end = start + 1;
    for (; end < alternatives.length; end++) {
      const next = leadingLiteral(alternatives[end]!);
      if (next === null || next.fold !== lead?.fold) break;
      const same = commonLength(common, next.runes);
      if (same === 0) break;
      if (same < common.length) common = common.slice(0, same);
    }
    if (end === start + 1) factored.push(alternatives[start]!);
    else {
      const rests = alternatives.slice(start, end).map((one) => withoutText(one, common.length));
      factored.push(concatenation([literal(common, lead!.fold), alternation(factorAlternatives(rests))]));
    }
    start = end;
  }
  return factored;
}

function takeOutPiece(alternatives: readonly Syntax[]): readonly Syntax[] {
  const factored: Syntax[] = [];
  for (let start = 0; start < alternatives.length; ) {
    const first = leadingPiece(alternatives[start]!);
    let end = start + 1;
    if (first !== null && isWorthTakingOut(first)) {
      while (end < alternatives.length) {
        const next = leadingPiece(alternatives[end]!);
        if (next === null || !sameSyntax(first, next)) break;
        end++;
      }
    }
    if (end === start + 1) factored.push(alternatives[start]!);
    else {
      const rests = alternatives.slice(start, end).map(withoutPiece);
      factored.push(concatenation([first!, alternation(factorAlternatives(rests))]));
    }
    start = end;
  }
  return factored;
}

function mergeCharacters(alternatives: readonly Syntax[]): readonly Syntax[] {
  const merged: Syntax[] = [];
  for (let start = 0; start < alternatives.length; ) {
    let end = start;
    while (end < alternatives.length && isCharacterOfClass(alternatives[end]!)) end++;
    if (end - start < 2) {
      merged.push(alternatives[start]!);
      start++;
      continue;
    }
    const ranges = alternatives.slice(start, end).flatMap((one) => [...rangesOf(one)]);
    merged.push({ op: 'class', set: runeSet(ranges) });
    start = end;
  }
  return merged;
}

function isCharacterOfClass(piece: Syntax): boolean {
  return isLiteralRune(piece) || piece.op === 'class';
}

function rangesOf(piece: Syntax): readonly RuneRange[] {
  if (piece.op === 'class') return piece.set;
  if (piece.op !== 'literal') return [];
  const range: RuneRange = [piece.runes[0]!, piece.runes[0]!];
  // A literal that folds and is not ASCII was found to have no other case when it was read.
  return piece.fold ? (foldedRanges(range) ?? [range]) : [range];
}

function leadingLiteral(alternative: Syntax): Extract<Syntax, { op: 'literal' }> | null {
  let first = alternative;
  while (first.op === 'concatenation') first = first.subs[0]!;
  return first.op === 'literal' ? first : null;
}

/** The alternative without the first `count` code points of the literal that it begins with. */
function withoutText(alternative: Syntax, count: number): Syntax {
  if (alternative.op === 'literal') return literal(alternative.runes.slice(count), alternative.fold);
  if (alternative.op !== 'concatenation') return alternative;
  const [first, ...others] = alternative.subs;
  const rest = withoutText(first!, count);
  return concatenation(rest.op === 'empty' ? others : [rest, ...others]);
}

function leadingPiece(alternative: Syntax): Syntax | null {
  if (alternative.op === 'empty') return null;
  if (alternative.op !== 'concatenation' || alternative.subs.length < 2) return alternative;
  return alternative.subs[0]!.op === 'empty' ? null : alternative.subs[0]!;
}

function withoutPiece(alternative: Syntax): Syntax {
  if (alternative.op !== 'concatenation' || alternative.subs.length < 2) return EMPTY;
  return concatenation(alternative.subs.slice(1));
}

/** Characters, assertions and exact repetitions of characters: taking out anything longer could change which alternative is preferred. */
function isWorthTakingOut(piece: Syntax): boolean {
  if (piece.op === 'counted') return piece.min === piece.max && isOneCharacter(piece.sub);
  return piece.op === 'assertion' || piece.op === 'class' || piece.op === 'anyRune' || piece.op === 'anyByte';
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}
