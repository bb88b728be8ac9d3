import { err, type Milli, ok, type Result, toMilli } from '../../engine/core/index.ts';

/** One reservation of a stack as written: `+role@principal#labels`; without `+` it is static. */
export interface StackEntryText {
  readonly dynamic: boolean;
  readonly role: string;
  readonly principal: string | null;
  readonly labels: string | null;
}

/** The value of an item: scalar in thousandths, ranges inclusive at both ends, or a set. */
export type ValueText =
  | { readonly type: 'SCALAR'; readonly scalar: Milli }
  | { readonly type: 'RANGES'; readonly ranges: readonly { readonly begin: number; readonly end: number }[] }
  | { readonly type: 'SET'; readonly items: readonly string[] };

/** One item of a resources text (conformance README §2), before it becomes a resource. */
export interface ItemText {
  readonly name: string;
  /** Bottom first; empty for unreserved. */
  readonly stack: readonly StackEntryText[];
  readonly volume: string | null;
  readonly source: { readonly type: 'MOUNT' | 'PATH'; readonly root: string | null } | null;
  readonly provider: string | null;
  readonly revocable: boolean;
  readonly shared: boolean;
  readonly value: ValueText;
}

const ITEM = /^([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:\(([^()]*)\))?\s*(?:\{([^{}]*)\})?\s*:(.*)$/s;
const SCALAR = /^[0-9]+(?:\.[0-9]+)?$/;
const RANGE = /^([0-9]+)\s*-\s*([0-9]+)$/;

/** Splits `a;b;` into its items; a `;` at the end is allowed, an empty item elsewhere is not. */
export function splitItems(text: string): readonly string[] {
  if (text.trim() === '') return [];
  const items = text.split(';').map((item) => item.trim());
  if (items.at(-1) === '') items.pop();
  return items;
}

/** The items of a resources text, in order. Every refusal names the item. */
export function parseItems(text: string): Result<readonly ItemText[], string> {
  const items: ItemText[] = [];
  for (const piece of splitItems(text)) {
    const item = parseItem(piece);
    if (!item.ok) return err(`"${piece}": ${item.error}`);
    items.push(item.value);
  }
  for (const item of items) {
    const first = items.find((other) => other.name === item.name);
    if (first !== undefined && first.value.type !== item.value.type) {
      return err(`"${item.name}" is both ${first.value.type} and ${item.value.type}`);
    }
  }
  return ok(items);
}

function parseItem(piece: string): Result<ItemText, string> {
  const match = ITEM.exec(piece);
  if (match === null) return err('expected name, optional (stack), optional {flags}, a colon and a value');
  const stack = parseStack(match[2]);
  if (!stack.ok) return stack;
  const flags = parseFlags(match[3]);
  if (!flags.ok) return flags;
  const value = parseValue(match[4]!.trim());
  if (!value.ok) return value;
  return ok({ name: match[1]!, stack: stack.value, ...flags.value, value: value.value });
}

function parseStack(text: string | undefined): Result<readonly StackEntryText[], string> {
  if (text === undefined || text.trim() === '*') return ok([]);
  const entries: StackEntryText[] = [];
  for (const piece of text.split(',')) {
    const match = /^(\+?)\s*([^@#+\s]+)\s*(?:@([^#]*))?(?:#(.*))?$/s.exec(piece.trim());
    if (match === null)
      return err(`"${piece.trim()}" is no reservation: expected [+]role[@principal][#labels]`);
    entries.push({
      dynamic: match[1] === '+',
      role: match[2]!,
      principal: match[3]?.trim() ?? null,
      labels: match[4]?.trim() ?? null,
    });
  }
  return ok(entries);
}

type Flags = Pick<ItemText, 'volume' | 'source' | 'provider' | 'revocable' | 'shared'>;

function parseFlags(text: string | undefined): Result<Flags, string> {
  let volume: string | null = null;
  let source: Flags['source'] = null;
  let provider: string | null = null;
  let revocable = false;
  let shared = false;
  if (text === undefined) return ok({ volume, source, provider, revocable, shared });
  for (const piece of text.split(',')) {
    const [flag, argument] = splitFlag(piece.trim());
    if (flag === 'volume' && argument !== null && argument !== '') volume = argument;
    else if (flag === 'provider' && argument !== null && argument !== '') provider = argument;
    else if (flag === 'mount') source = { type: 'MOUNT', root: argument };
    else if (flag === 'path') source = { type: 'PATH', root: argument };
    else if (flag === 'revocable' && argument === null) revocable = true;
    else if (flag === 'shared' && argument === null) shared = true;
    else {
      return err(
        `"${piece.trim()}" is no flag: expected volume=ID, mount[=ROOT], path[=ROOT], provider=ID, revocable or shared`,
      );
    }
  }
  return ok({ volume, source, provider, revocable, shared });
}

function splitFlag(piece: string): readonly [string, string | null] {
  const equals = piece.indexOf('=');
  return equals < 0 ? [piece, null] : [piece.slice(0, equals).trim(), piece.slice(equals + 1).trim()];
}

/** A scalar, `[1-2,4-5]` or `{a,b}`. */
export function parseValue(text: string): Result<ValueText, string> {
  if (text.startsWith('[')) return parseRanges(text);
  if (text.startsWith('{')) return parseSet(text);
  if (!SCALAR.test(text)) return err(`"${text}" is neither a number, nor [ranges], nor a {set}`);
  const scalar = toMilli(Number(text));
  if (scalar === 0 && Number(text) !== 0) return err(`${text} is below a thousandth, the smallest amount`);
  return ok({ type: 'SCALAR', scalar });
}

function inner(text: string, close: string): readonly string[] | null {
  if (!text.endsWith(close) || text.length < 2) return null;
  const body = text.slice(1, -1).trim();
  return body === '' ? [] : body.split(',').map((piece) => piece.trim());
}

export function parseRanges(text: string): Result<Extract<ValueText, { type: 'RANGES' }>, string> {
  const pieces = inner(text, ']');
  if (pieces === null) return err('a range list must end with "]"');
  const ranges: { begin: number; end: number }[] = [];
  for (const piece of pieces) {
    const match = RANGE.exec(piece);
    if (match === null) return err(`"${piece}" is no range: expected BEGIN-END`);
    const begin = Number(match[1]);
    const end = Number(match[2]);
    if (!Number.isSafeInteger(end) || begin > end) return err(`the range "${piece}" does not ascend`);
    ranges.push({ begin, end });
  }
  return ok({ type: 'RANGES', ranges });
}

function parseSet(text: string): Result<ValueText, string> {
  const items = inner(text, '}');
  if (items === null) return err('a set must end with "}"');
  if (items.some((item) => item === '' || /[\s{}]/.test(item)))
    return err('a set holds words between commas');
  return ok({ type: 'SET', items });
}
