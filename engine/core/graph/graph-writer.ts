import { InvariantError } from '../assert.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ClassLayout } from './class-layout.ts';
import type { GraphClass, GraphClasses } from './graph-classes.ts';
import { placeWithin } from './graph-path.ts';
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
  SMALL_COUNT,
  TRUE,
  UNDEFINED,
  VALUE,
  WHOLE,
} from './graph-tags.ts';
import { writeByte, writeDouble, writeInteger, writeNumbers } from './typed-numbers.ts';

/** Largest number of entries of one Map that an engine takes, with room to spare. */
const NUMBERS_PER_MAP = 2 ** 23;

/**
 * Everything that can be reached from `root`, as bytes: identities, cycles, and the order of Maps, Sets and fields included. Equal graphs give
 * equal bytes. `root` is an object of one of `classes`. Throws InvariantError, with the path, for what has no place in a graph: functions, symbols,
 * objects of other classes. Changes nothing. O(objects); `readGraph` reads it.
 */
export function writeGraph(root: object, classes: GraphClasses): Uint8Array<ArrayBuffer> {
  return new GraphWriter(classes).write(root);
}

/** A place in the tree of field names: objects of one class with the same fields in the same order have one shape. */
interface ShapeNode {
  shape: number;
  readonly next: Map<string, ShapeNode>;
}

class GraphWriter {
  readonly #classes: GraphClasses;
  readonly #bytes = new ByteWriter();
  /** By number: the object, and the number of the one that mentioned it first. */
  readonly #objects: object[] = [];
  readonly #mentionedBy: number[] = [];
  readonly #numbers: Map<object, number>[] = [new Map()];
  readonly #texts = new Map<string, number>();
  readonly #classNumbers = new Map<GraphClass, number>();
  /** By class, null for plain objects. */
  readonly #shapes = new Map<ClassLayout | null, ShapeNode>();
  #shapeCount = 0;
  /** Whose contents are being written. */
  #current = 0;

  constructor(classes: GraphClasses) {
    this.#classes = classes;
  }

  write(root: object): Uint8Array<ArrayBuffer> {
    this.#value(root);
    for (; this.#current < this.#objects.length; this.#current++)
      this.#contents(this.#objects[this.#current]!);
    return this.#bytes.finish();
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.#number(value);
        break;
      case 'string':
        this.#text(value);
        break;
      case 'boolean':
        this.#bytes.byte(value ? TRUE : FALSE);
        break;
      case 'undefined':
        this.#bytes.byte(UNDEFINED);
        break;
      case 'bigint':
        this.#bytes.byte(BIG);
        this.#bytes.characters(String(value));
        break;
      case 'object':
        if (value === null) this.#bytes.byte(NULL);
        else this.#mention(value);
        break;
      default:
        this.#refuse(value, `a ${typeof value} has no place in a graph`);
    }
  }

  #mention(object: object): void {
    for (let index = 0; index < this.#numbers.length; index++) {
      const known = this.#numbers[index]!.get(object);
      if (known === undefined) continue;
      this.#bytes.byte(KNOWN);
      this.#bytes.count(known);
      return;
    }
    const constant = this.#classes.constantName(object);
    if (constant !== null) {
      this.#bytes.byte(CONSTANT);
      this.#text(constant);
      return;
    }
    this.#enlist(object);
    this.#kind(object);
  }

  /** Gives the object the next number. */
  #enlist(object: object): void {
    let numbers = this.#numbers[this.#numbers.length - 1]!;
    if (numbers.size >= NUMBERS_PER_MAP) {
      numbers = new Map();
      this.#numbers.push(numbers);
    }
    numbers.set(object, this.#objects.length);
    this.#objects.push(object);
    this.#mentionedBy.push(this.#current);
  }

  /** What the object is, and all of it if it is a value or a typed array. */
  #kind(object: object): void {
    const bytes = this.#bytes;
    const prototype: unknown = Object.getPrototypeOf(object);
    if (Array.isArray(object)) bytes.byte(ARRAY);
    else if (prototype === Object.prototype) bytes.byte(OBJECT);
    else if (prototype === null) bytes.byte(BARE_OBJECT);
    else if (object instanceof Map) bytes.byte(MAP);
    else if (object instanceof Set) bytes.byte(SET);
    else if (object instanceof Uint8Array) {
      bytes.byte(BYTES);
      writeNumbers(bytes, object, writeByte);
    } else if (object instanceof Int32Array) {
      bytes.byte(INTEGERS);
      writeNumbers(bytes, object, writeInteger);
    } else if (object instanceof Float64Array) {
      bytes.byte(DOUBLES);
      writeNumbers(bytes, object, writeDouble);
    } else {
      const known = this.#classOf(object);
      if (known === null) this.#refuse(object, `class ${object.constructor?.name} is not known`);
      const { value } = known.layout;
      bytes.byte(value === null ? INSTANCE : VALUE);
      this.#class(known);
      if (value !== null) this.#tree(value.pack(object));
    }
  }

  #contents(object: object): void {
    const bytes = this.#bytes;
    if (Array.isArray(object)) {
      bytes.count(object.length);
      for (let index = 0; index < object.length; index++) {
        const entry: unknown = object[index];
        if (entry === undefined && !(index in object)) bytes.byte(HOLE);
        else this.#value(entry);
      }
    } else if (object instanceof Map) {
      bytes.count(object.size);
      for (const [key, entry] of object) {
        this.#value(key);
        this.#value(entry);
      }
    } else if (object instanceof Set) {
      bytes.count(object.size);
      for (const entry of object) this.#value(entry);
    } else if (!ArrayBuffer.isView(object)) {
      this.#fields(object);
    }
  }

  #fields(object: object): void {
    const layout = this.#layoutOf(object);
    if (layout !== null && layout.value !== null) return;
    const hidden = layout === null ? NOTHING : layout.take(object);
    const shown = object as Record<string, unknown>;
    const hiddenNames = Object.keys(hidden);
    const shownNames = Object.keys(shown);
    const kept = layout === null ? NOTHING_KEPT : layout.kept;
    let node = this.#shapes.get(layout);
    if (node === undefined) {
      node = { shape: -1, next: new Map() };
      this.#shapes.set(layout, node);
    }
    for (const name of shownNames) if (!kept.has(name)) node = nextShape(node, name);
    if (node.shape >= 0) {
      this.#bytes.count(node.shape + 1);
    } else {
      node.shape = this.#shapeCount++;
      this.#bytes.count(0);
      this.#names(hiddenNames);
      this.#names(shownNames.filter((name) => !kept.has(name)));
    }
    for (const name of hiddenNames) this.#value(hidden[name]);
    for (const name of shownNames) if (!kept.has(name)) this.#value(shown[name]);
  }

  #names(names: readonly string[]): void {
    this.#bytes.count(names.length);
    for (const name of names) this.#bytes.characters(name);
  }

  /** A value that belongs to one object alone: contents and all. */
  #tree(value: unknown): void {
    if (typeof value !== 'object' || value === null) {
      this.#value(value);
    } else if (Array.isArray(value)) {
      this.#bytes.byte(ARRAY);
      this.#bytes.count(value.length);
      for (const entry of value) this.#tree(entry);
    } else if (value instanceof Map) {
      this.#bytes.byte(MAP);
      this.#bytes.count(value.size);
      for (const [key, entry] of value) {
        this.#tree(key);
        this.#tree(entry);
      }
    } else {
      if (Object.getPrototypeOf(value) !== Object.prototype)
        this.#refuse(value, 'a value is packed as arrays, Maps and plain objects');
      const entries = Object.entries(value);
      this.#bytes.byte(OBJECT);
      this.#bytes.count(entries.length);
      for (const [name, entry] of entries) {
        this.#text(name);
        this.#tree(entry);
      }
    }
  }

  #class(known: GraphClass): void {
    const number = this.#classNumbers.get(known);
    if (number !== undefined) {
      this.#bytes.count(number + 1);
      return;
    }
    this.#classNumbers.set(known, this.#classNumbers.size);
    this.#bytes.count(0);
    this.#bytes.characters(known.name);
  }

  #number(value: number): void {
    const bytes = this.#bytes;
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      bytes.byte(DOUBLE);
      bytes.double(value);
    } else if (value < 0) {
      bytes.byte(NEGATIVE);
      bytes.count(-value);
    } else if (value < SMALL_COUNT) {
      bytes.byte(SMALL + value);
    } else {
      bytes.byte(WHOLE);
      bytes.count(value);
    }
  }

  #text(text: string): void {
    const bytes = this.#bytes;
    if (text.length > NUMBERED_TEXT_MAX) {
      bytes.byte(LONG_TEXT);
      bytes.characters(text);
      return;
    }
    const known = this.#texts.get(text);
    if (known !== undefined) {
      bytes.byte(KNOWN_TEXT);
      bytes.count(known);
      return;
    }
    const isNumbered = this.#texts.size < NUMBERED_TEXTS_MAX;
    if (isNumbered) this.#texts.set(text, this.#texts.size);
    bytes.byte(isNumbered ? NEW_TEXT : LONG_TEXT);
    bytes.characters(text);
  }

  #classOf(object: object): GraphClass | null {
    return this.#classes.ofPrototype(Object.getPrototypeOf(object) as object);
  }

  #layoutOf(object: object): ClassLayout | null {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === Object.prototype || prototype === null) return null;
    return this.#classOf(object)?.layout ?? null;
  }

  /** @param what part of the object whose contents are being written */
  #refuse(what: unknown, why: string): never {
    let path = '';
    let part = what;
    for (let at = this.#current; this.#objects[at] !== part; at = this.#mentionedBy[at]!) {
      const owner = this.#objects[at]!;
      path = placeWithin(owner, part, this.#layoutOf(owner)) + path;
      part = owner;
      if (at === 0) break;
    }
    throw new InvariantError(`${why}: ${path === '' ? 'the root' : path}`);
  }
}

const NOTHING: Record<string, unknown> = {};
const NOTHING_KEPT: ReadonlySet<string> = new Set();

function nextShape(node: ShapeNode, name: string): ShapeNode {
  let next = node.next.get(name);
  if (next === undefined) {
    next = { shape: -1, next: new Map() };
    node.next.set(name, next);
  }
  return next;
}
