/** Input that does not have the stated form; `path` says where, `message` what would be accepted. */
export class MalformedInput extends Error {
  override readonly name = 'MalformedInput';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** Turns a JSON value into a `T`, or throws `MalformedInput`. `path` is where the value stands in the file. */
export type Decoder<T> = (value: unknown, path: string) => T;

/** The type that a decoder yields. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

type Shape = Readonly<Record<string, Decoder<unknown>>>;
type ShapeOf<S extends Shape> = { readonly [K in keyof S]: Decoded<S[K]> };

/** How a value is named in a message: `a number`, `a list`, … */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the text ${JSON.stringify(value)}`;
  return `the ${typeof value} ${JSON.stringify(value)}`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(path: string, wanted: string, value: unknown): never {
  throw new MalformedInput(path, `expected ${wanted}, found ${kindOf(value)}`);
}

export const text: Decoder<string> = (value, path) =>
  typeof value === 'string' ? value : refuse(path, 'a text', value);

export const name: Decoder<string> = (value, path) =>
  typeof value === 'string' && value.length > 0 ? value : refuse(path, 'a text that is not empty', value);

export const flag: Decoder<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false', value);

export const number: Decoder<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse(path, 'a number', value);

export const positiveNumber: Decoder<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0
    ? value
    : refuse(path, 'a number above 0', value);

/** A whole number of at least `min`. */
export function integer(min = Number.MIN_SAFE_INTEGER): Decoder<number> {
  const wanted = min === Number.MIN_SAFE_INTEGER ? 'a whole number' : `a whole number of at least ${min}`;
  return (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min
      ? value
      : refuse(path, wanted, value);
}

/** One of the given words. */
export function word<const W extends string>(words: readonly W[]): Decoder<W> {
  return (value, path) => {
    const found = words.find((candidate) => candidate === value);
    return found === undefined ? refuse(path, `one of ${words.join(', ')}`, value) : found;
  };
}

export function list<T>(item: Decoder<T>, least = 0): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return refuse(path, 'a list', value);
    if (value.length < least) {
      throw new MalformedInput(path, `expected at least ${least} entries, found ${value.length}`);
    }
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };
}

/** An object from any name to a `T`, as a Map in the order of the file. */
export function mapOf<T>(item: Decoder<T>): Decoder<ReadonlyMap<string, T>> {
  return (value, path) => {
    if (!isObject(value)) return refuse(path, 'an object', value);
    return new Map(Object.entries(value).map(([key, entry]) => [key, item(entry, join(path, key))]));
  };
}

/** A field that may be left out. */
export function optional<T>(item: Decoder<T>): Decoder<T | undefined> {
  return (value, path) => (value === undefined ? undefined : item(value, path));
}

/** A field that, left out, is `fallback`. */
export function orElse<T, const F>(item: Decoder<T>, fallback: F): Decoder<T | F> {
  return (value, path) => (value === undefined ? fallback : item(value, path));
}

export function nullable<T>(item: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : item(value, path));
}

/** An object with exactly these fields; one that may be left out has an `optional` or `orElse` decoder. */
export function shape<const S extends Shape>(fields: S): Decoder<ShapeOf<S>> {
  return (value, path) => {
    if (!isObject(value)) return refuse(path, 'an object', value);
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key)) {
        throw new MalformedInput(path, `unknown field "${key}"; known are ${Object.keys(fields).join(', ')}`);
      }
    }
    const decoded: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(fields)) {
      decoded[key] = field(value[key], join(path, key));
    }
    return decoded as ShapeOf<S>;
  };
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
