import { err, fromMilli, type Milli, ok, type Result } from '../core/index.ts';
import { type ItemSet, itemSet } from './item-set.ts';
import { parseNumber, parseWholeNumber } from './number-text.ts';
import { coalesce, type Range, type Ranges } from './ranges.ts';
import type { TextFault } from './resource-error.ts';

/** A value as text gives it (spec 02 §3). The number of a scalar is not yet checked. */
export type ParsedValue =
  | { readonly type: 'SCALAR'; readonly scalar: number }
  | { readonly type: 'RANGES'; readonly ranges: Ranges }
  | { readonly type: 'SET'; readonly items: ItemSet }
  | { readonly type: 'TEXT'; readonly text: string };

/** `3.5` → SCALAR, `[1-10,20-30]` → RANGES in normal form, `{a,b}` → SET, anything else → TEXT. Blanks are ignored. */
export function parseValue(text: string): Result<ParsedValue, TextFault> {
  const packed = withoutBlanks(text);
  if (packed === '') return err('VALUE_EMPTY');
  if (!isBalanced(packed, '{', '}') || !isBalanced(packed, '[', ']') || !isBalanced(packed, '(', ')')) {
    return err('BRACKETS_UNBALANCED');
  }
  if (packed.startsWith('[')) return parseRanges(packed);
  if (packed.includes('[')) return err('BRACKET_MISPLACED');
  if (packed.startsWith('{')) return parseSet(packed);
  if (packed.includes('{')) return err('BRACKET_MISPLACED');
  const scalar = parseNumber(packed);
  return ok(scalar === null ? { type: 'TEXT', text: packed } : { type: 'SCALAR', scalar });
}

/** Text without spaces, tabs and line ends. */
export function withoutBlanks(text: string): string {
  let packed = '';
  for (const character of text) {
    if (character !== ' ' && character !== '\t' && character !== '\n' && character !== '\r')
      packed += character;
  }
  return packed;
}

/** `2.5`; at most three decimals. */
export function scalarText(scalar: Milli): string {
  return String(fromMilli(scalar));
}

/** `[31000-31010, 31020-31020]`, as logs and the endpoints of old show it. */
export function rangesText(ranges: Ranges): string {
  return `[${ranges.map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
}

/** `{a, b}`, as logs and the endpoints of old show it. */
export function itemsText(items: ItemSet): string {
  return `{${items.join(', ')}}`;
}

function parseRanges(packed: string): Result<ParsedValue, TextFault> {
  if (!packed.endsWith(']')) return err('BRACKET_MISPLACED');
  const inner = packed.slice(1, -1);
  if (inner === '') return ok({ type: 'RANGES', ranges: [] });
  const ranges: Range[] = [];
  for (const part of inner.split(',')) {
    const dash = part.indexOf('-');
    const begin = dash < 0 ? null : parseWholeNumber(part.slice(0, dash));
    const end = dash < 0 ? null : parseWholeNumber(part.slice(dash + 1));
    if (begin === null || end === null || begin > end) return err('RANGES_MALFORMED');
    ranges.push({ begin, end });
  }
  return ok({ type: 'RANGES', ranges: coalesce(ranges) });
}

function parseSet(packed: string): Result<ParsedValue, TextFault> {
  const inner = packed.slice(1, -1);
  if (!packed.endsWith('}') || inner.includes('{') || inner.includes('}')) return err('BRACKET_MISPLACED');
  return ok({ type: 'SET', items: itemSet(inner.split(',').filter((item) => item !== '')) });
}

function isBalanced(text: string, open: string, close: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === open) depth++;
    if (character === close) depth--;
    if (depth < 0) return false;
  }
  return depth === 0;
}
