import { assert } from '../assert.ts';
import { ByteReader } from './byte-reader.ts';
import type { ClassLayout } from './class-layout.ts';
import type { GraphClass, GraphClasses } from './graph-classes.ts';
import { GraphMismatch } from './graph-mismatch.ts';
import {
  ARRAY,
  BARE_OBJECT,
  BIG,
  BYTES,
  CONSTANT,
  DOUBLE,
  DOUBLES,
  FALSE,
  HOLE,
  INSTANCE,
  INTEGERS,
  KNOWN,
  KNOWN_TEXT,
  LONG_TEXT,
  MAP,
  NEGATIVE,
  NEW_TEXT,
  NULL,
  NUMBERED_TEXT_MAX,
  NUMBERED_TEXTS_MAX,
  OBJECT,
  SET,
  SMALL,
  TRUE,
  UNDEFINED,
  VALUE,
  WHOLE,
} from './graph-tags.ts';
import { readByte, readDouble, readInteger, readNumbers } from './typed-numbers.ts';

/**
 * Fills `root`, fresh from its constructor, with what `writeGraph` wrote of an object of its class. Objects that only constructors make
 * are filled in where they stand; all others are new. Throws GraphMismatch for bytes that do not fit, and leaves `root` broken then.
 */
export function readGraph(bytes: Uint8Array, root: object, classes: GraphClasses): void {
  new GraphReader(bytes, classes).read(root);
}

/** Field names in the order of their values, hidden ones first. */
interface Shape {
  readonly hidden: readonly string[];
  readonly shown: readonly string[];
  /** Classes whose objects were found to have these fields. */
  readonly fits: Set<GraphClass>;
}

class GraphReader {
  readonly #classes: GraphClasses;
  readonly #bytes: ByteReader;
  readonly #objects: object[] = [];
  /** Those made by a constructor that were filled in where they stood. */
  readonly #found = new Set<object>();
  readonly #texts: string[] = [];
  readonly #classNumbers: GraphClass[] = [];
  readonly #shapes: Shape[] = [];
  readonly #shared = new Map<string, unknown>();

  constructor(bytes: Uint8Array, classes: GraphClasses) {
    this.#bytes = new ByteReader(bytes);
    this.#classes = classes;
  }

  read(root: object): void {
    if (this.#value(root) !== root) throw new GraphMismatch('the bytes are of another kind of object');
    for (let number = 0; number < this.#objects.length; number++) this.#contents(this.#objects[number]!);
    if (this.#bytes.left > 0) throw new GraphMismatch('there are more bytes than there should be');
  }

  /** @param standing what stands where the value comes to, if it may be filled in there */
  #value(standing: unknown): unknown {
    const bytes = this.#bytes;
    const tag = bytes.byte();
    if (tag >= SMALL) return tag - SMALL;
    switch (tag) {
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NEGATIVE:
        return -bytes.count();
      case WHOLE:
        return bytes.count();
      case DOUBLE:
        return bytes.double();
      case BIG:
        return BigInt(bytes.characters());
      case NEW_TEXT:
      case LONG_TEXT: {
        const text = bytes.characters();
        const isNumbered = text.length <= NUMBERED_TEXT_MAX && this.#texts.length < NUMBERED_TEXTS_MAX;
        if (isNumbered !== (tag === NEW_TEXT)) throw new GraphMismatch('a text is not where it should be');
        if (isNumbered) this.#texts.push(text);
        return text;
      }
      case KNOWN_TEXT:
        return known(this.#texts, bytes.count());
      case CONSTANT:
        return this.#constant();
      case KNOWN:
        return known(this.#objects, bytes.count());
      default: {
        const object = this.#made(tag, standing);
        this.#objects.push(object);
        return object;
      }
    }
  }

  /** An object that is mentioned for the first time: empty, unless it is a value or a typed array. */
  #made(tag: number, standing: unknown): object {
    const bytes = this.#bytes;
    switch (tag) {
      case ARRAY:
        return [];
      case MAP:
        return new Map();
      case SET:
        return new Set();
      case OBJECT:
        return {};
      case BARE_OBJECT:
        return Object.create(null) as object;
      case BYTES:
        return readNumbers(bytes, (length) => new Uint8Array(length), readByte);
      case INTEGERS:
        return readNumbers(bytes, (length) => new Int32Array(length), readInteger);
      case DOUBLES:
        return readNumbers(bytes, (length) => new Float64Array(length), readDouble);
      case INSTANCE:
        return this.#instance(this.#class(), standing);
      case VALUE: {
        const { name, layout } = this.#class();
        if (layout.value === null) throw new GraphMismatch(`${name} is no value`);
        return layout.value.unpack(this.#tree(), this.#shared);
      }
      default:
        throw new GraphMismatch(`byte ${tag} says nothing`);
    }
  }

  #constant(): object {
    const name = this.#value(null);
    const constant = typeof name === 'string' ? this.#classes.constant(name) : null;
    if (constant === null) throw new GraphMismatch(`there is no constant ${String(name)} here`);
    return constant;
  }

  #instance({ name, layout, prototype }: GraphClass, standing: unknown): object {
    if (layout.value !== null) throw new GraphMismatch(`${name} is a value`);
    if (layout.blank !== null) return layout.blank();
    const isThere =
      typeof standing === 'object' && standing !== null && Object.getPrototypeOf(standing) === prototype;
    if (!isThere || this.#found.has(standing)) throw new GraphMismatch(`there is no ${name} where one was`);
    this.#found.add(standing);
    return standing;
  }

  #contents(object: object): void {
    const bytes = this.#bytes;
    if (Array.isArray(object)) {
      const length = bytes.length();
      object.length = length;
      for (let index = 0; index < length; index++) {
        const entry = this.#entry();
        if (entry !== A_HOLE) object[index] = entry;
      }
    } else if (object instanceof Map) {
      for (let left = bytes.length(); left > 0; left--) {
        const key = this.#value(null);
        object.set(key, this.#value(null));
      }
    } else if (object instanceof Set) {
      for (let left = bytes.length(); left > 0; left--) object.add(this.#value(null));
    } else if (!ArrayBuffer.isView(object)) {
      this.#fields(object);
    }
  }

  #entry(): unknown {
    // A hole is no value; nowhere else does one come.
    return this.#bytes.skip(HOLE) ? A_HOLE : this.#value(null);
  }

  #fields(object: object): void {
    const prototype: unknown = Object.getPrototypeOf(object);
    const isPlain = prototype === Object.prototype || prototype === null;
    const ofClass = isPlain ? null : this.#classes.ofPrototype(prototype as object);
    const layout = ofClass?.layout ?? null;
    if (layout !== null && layout.value !== null) return;
    const shape = this.#shape();
    const shown = object as Record<string, unknown>;
    if (ofClass === null || layout === null) {
      if (shape.hidden.length > 0) throw new GraphMismatch('a plain object has hidden fields');
      for (const name of shape.shown) setShown(shown, name, this.#value(null));
      return;
    }
    const before = layout.take(object);
    if (!shape.fits.has(ofClass)) {
      compareFields(ofClass, layout, shape, Object.keys(before), Object.keys(shown));
      shape.fits.add(ofClass);
    }
    const fields: Record<string, unknown> = {};
    for (const name of shape.hidden) fields[name] = this.#value(before[name]);
    layout.put(object, fields);
    const after = layout.take(object);
    for (const name of shape.hidden)
      assert(Object.is(after[name], fields[name]), `${ofClass.name} sets or keeps its field #${name}`);
    for (const name of shape.shown) shown[name] = this.#value(shown[name]);
  }

  #shape(): Shape {
    const number = this.#bytes.count();
    if (number > 0) return known(this.#shapes, number - 1);
    const hidden = this.#names();
    const shown = this.#names();
    const shape: Shape = { hidden, shown, fits: new Set() };
    this.#shapes.push(shape);
    return shape;
  }

  #names(): readonly string[] {
    const names: string[] = [];
    for (let left = this.#bytes.length(); left > 0; left--) names.push(this.#bytes.characters());
    return names;
  }

  #tree(): unknown {
    const bytes = this.#bytes;
    if (bytes.skip(ARRAY)) {
      const entries: unknown[] = [];
      for (let left = bytes.length(); left > 0; left--) entries.push(this.#tree());
      return entries;
    }
    if (bytes.skip(MAP)) {
      const map = new Map<unknown, unknown>();
      for (let left = bytes.length(); left > 0; left--) {
        const key = this.#tree();
        map.set(key, this.#tree());
      }
      return map;
    }
    if (bytes.skip(OBJECT)) {
      const object: Record<string, unknown> = {};
      for (let left = bytes.length(); left > 0; left--) {
        const name = this.#value(null);
        if (typeof name !== 'string') throw new GraphMismatch('the name of a field is no text');
        setShown(object, name, this.#tree());
      }
      return object;
    }
    return this.#value(null);
  }

  #class(): GraphClass {
    const number = this.#bytes.count();
    if (number > 0) return known(this.#classNumbers, number - 1);
    const name = this.#bytes.characters();
    const found = this.#classes.named(name);
    if (found === null) throw new GraphMismatch(`there is no class ${name} here`);
    this.#classNumbers.push(found);
    return found;
  }
}

const A_HOLE: unique symbol = Symbol('hole');

function known<T>(list: readonly T[], number: number): T {
  const value = list[number];
  if (value === undefined) throw new GraphMismatch(`there is no number ${number} to refer to`);
  return value;
}

/** `__proto__` too is a name. */
function setShown(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}

function compareFields(
  { name }: GraphClass,
  layout: ClassLayout,
  shape: Shape,
  hiddenHere: readonly string[],
  shownHere: readonly string[],
): void {
  const read = new Set([...shape.hidden.map((field) => `#${field}`), ...shape.shown]);
  const here = new Set([
    ...hiddenHere.map((field) => `#${field}`),
    ...shownHere.filter((field) => !layout.kept.has(field)),
  ]);
  for (const field of read)
    if (!here.has(field)) throw new GraphMismatch(`${name} has no field ${field} here`);
  for (const field of here)
    if (!read.has(field)) throw new GraphMismatch(`the field ${field} of ${name} is missing`);
}
