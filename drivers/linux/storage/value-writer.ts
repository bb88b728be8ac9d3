import { assert } from '../../../engine/core/index.ts';
import { Quantities, type Resource, ResourceLimits, Resources } from '../../../engine/resources/index.ts';
import {
  DICTIONARY_SIZE_MAX,
  DICTIONARY_TEXT_MAX,
  TAG_ARRAY,
  TAG_BYTES,
  TAG_DOUBLE,
  TAG_FALSE,
  TAG_INTEGER,
  TAG_KNOWN_SHAPE,
  TAG_KNOWN_TEXT,
  TAG_LIMITS,
  TAG_MAP,
  TAG_NEW_SHAPE,
  TAG_NEW_TEXT,
  TAG_NULL,
  TAG_QUANTITIES,
  TAG_RESOURCES,
  TAG_SET,
  TAG_TEXT,
  TAG_TRUE,
  TAG_UNDEFINED,
} from './value-tags.ts';

/** A place in the tree of field names: objects with the same fields in the same order have one shape. */
class ShapeNode {
  /** Number of the shape that ends here, -1 while there is none. */
  shape = -1;
  /** The two fields that came next first: nearly all objects go on with one of them, and comparing names is faster than looking one up. */
  #firstName: string | null = null;
  #first: ShapeNode | null = null;
  #secondName: string | null = null;
  #second: ShapeNode | null = null;
  #others: Map<string, ShapeNode> | null = null;

  /** Where the next field leads, made if it leads nowhere yet. */
  after(name: string): ShapeNode {
    if (name === this.#firstName) return this.#first!;
    if (name === this.#secondName) return this.#second!;
    const known = this.#others?.get(name);
    if (known !== undefined) return known;
    const made = new ShapeNode();
    if (this.#first === null) {
      this.#firstName = name;
      this.#first = made;
    } else if (this.#second === null) {
      this.#secondName = name;
      this.#second = made;
    } else {
      this.#others ??= new Map();
      this.#others.set(name, made);
    }
    return made;
  }
}

const FIRST_SIZE = 4_096;
/** More than any tag with a number or a double takes: so much is free whenever a value begins. */
const ROOM = 32;
/** Texts up to this length are copied character by character, which beats a call into the runtime. */
const SHORT_TEXT = 64;
const MAX_HALF = Math.floor(Number.MAX_SAFE_INTEGER / 2);
const TWO_28 = 2 ** 28;

/**
 * Writes the engine's values as bytes; `ValueReader` reads them. A writer keeps a dictionary from value to value, so what it wrote is read in
 * order by one reader. `forget` starts a new dictionary. `write` gives the bytes of one value; `begin`, the parts and `take` write many after
 * one another.
 */
export class ValueWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_SIZE);
  #length = 0;
  #texts = new Map<string, number>();
  #shapes = new ShapeNode();
  #shapeCount = 0;

  /** The next value begins a stream of its own. */
  forget(): void {
    this.#texts = new Map();
    this.#shapes = new ShapeNode();
    this.#shapeCount = 0;
  }

  /**
   * Bytes of one value, valid until the next call. Throws InvariantError for what is not the engine's data: functions, symbols, classes it does
   * not know.
   */
  write(value: unknown): Buffer {
    this.#length = 0;
    this.value(value);
    return this.#bytes.subarray(0, this.#length);
  }

  /** Bytes written since `begin`, those kept free included. */
  get length(): number {
    return this.#length;
  }

  /** Begins in this buffer, after `free` bytes that are the caller's. A larger one replaces it when it is full. */
  begin(buffer: Buffer, free: number): void {
    this.#bytes = buffer;
    this.#length = free;
  }

  /** The buffer, filled up to `length`; it is the caller's until the next `begin`. */
  take(): Buffer {
    return this.#bytes;
  }

  /** Takes back what was written after `length`. The dictionary keeps what it learned: only `forget` makes the bytes readable again. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** One value. Throws as `write` does. */
  value(value: unknown): void {
    if (this.#length + ROOM > this.#bytes.length) this.#grow(ROOM);
    switch (typeof value) {
      case 'number':
        this.#number(value);
        break;
      case 'string':
        this.text(value);
        break;
      case 'boolean':
        this.#bytes[this.#length++] = value ? TAG_TRUE : TAG_FALSE;
        break;
      case 'undefined':
        this.#bytes[this.#length++] = TAG_UNDEFINED;
        break;
      case 'object':
        if (value === null) this.#bytes[this.#length++] = TAG_NULL;
        else this.#object(value);
        break;
      default:
        assert(false, `a ${typeof value} is no data`);
    }
  }

  /** One byte, without a tag. */
  byte(byte: number): void {
    if (this.#length + ROOM > this.#bytes.length) this.#grow(ROOM);
    this.#bytes[this.#length++] = byte;
  }

  /** A whole number of 0 to 2^53, without a tag: seven bits a byte. */
  count(count: number): void {
    if (this.#length + ROOM > this.#bytes.length) this.#grow(ROOM);
    this.#count(count);
  }

  /** A whole number within 2^52 of 0, without a tag. */
  difference(value: number): void {
    this.count(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** As `value` writes a number. */
  number(value: number): void {
    if (this.#length + ROOM > this.#bytes.length) this.#grow(ROOM);
    this.#number(value);
  }

  /** A text without a tag, which the dictionary does not learn. */
  characters(text: string): void {
    if (this.#length + ROOM > this.#bytes.length) this.#grow(ROOM);
    this.#characters(text);
  }

  #object(value: object): void {
    // What the class says is decided by one look; an object whose field or missing prototype hides its class is looked at again.
    switch (value.constructor) {
      case Object:
        this.#fields(value as Record<string, unknown>);
        break;
      case Array:
        this.#array(value as readonly unknown[]);
        break;
      case Resources:
        this.#resources(value as Resources);
        break;
      default:
        this.#otherObject(value);
    }
  }

  #otherObject(value: object): void {
    if (Array.isArray(value)) {
      this.#array(value);
    } else if (value instanceof Resources) {
      this.#resources(value);
    } else if (value instanceof Quantities) {
      this.#amounts(TAG_QUANTITIES, value.names, value.values);
    } else if (value instanceof ResourceLimits) {
      this.#amounts(TAG_LIMITS, value.names, value.values);
    } else if (value instanceof Map) {
      this.#bytes[this.#length++] = TAG_MAP;
      this.#count(value.size);
      for (const [key, entry] of value) {
        this.value(key);
        this.value(entry);
      }
    } else if (value instanceof Set) {
      this.#bytes[this.#length++] = TAG_SET;
      this.#count(value.size);
      for (const entry of value) this.value(entry);
    } else if (value instanceof Uint8Array) {
      this.#bytes[this.#length++] = TAG_BYTES;
      this.#count(value.length);
      this.#reserve(value.length);
      this.#bytes.set(value, this.#length);
      this.#length += value.length;
    } else {
      const prototype: unknown = Object.getPrototypeOf(value);
      assert(
        prototype === Object.prototype || prototype === null,
        `${value.constructor?.name} is no plain data`,
      );
      this.#fields(value as Record<string, unknown>);
    }
  }

  #array(value: readonly unknown[]): void {
    this.#bytes[this.#length++] = TAG_ARRAY;
    this.#count(value.length);
    for (let index = 0; index < value.length; index++) this.value(value[index]);
  }

  /** A plain object: its shape, then the values of its fields in their order. */
  #fields(value: Record<string, unknown>): void {
    let node = this.#shapes;
    for (const name in value) node = node.after(name);
    if (node.shape >= 0) {
      this.#bytes[this.#length++] = TAG_KNOWN_SHAPE;
      this.#count(node.shape);
    } else {
      this.#newShape(value, node);
    }
    for (const name in value) this.value(value[name]);
  }

  /** Numbered when its names are written, before the values may bring in further shapes. */
  #newShape(value: Record<string, unknown>, node: ShapeNode): void {
    node.shape = this.#shapeCount++;
    const names = Object.keys(value);
    this.#bytes[this.#length++] = TAG_NEW_SHAPE;
    this.#count(names.length);
    for (const name of names) this.characters(name);
  }

  #resources(value: Resources): void {
    const { entries } = value;
    this.#bytes[this.#length++] = TAG_RESOURCES;
    this.#count(entries.length);
    for (let index = 0; index < entries.length; index++) this.resource(entries[index]!);
  }

  /** One resource, without a tag. */
  resource(entry: Resource): void {
    const { identity } = entry;
    // A plain kind is its name and type; all else is spelled out.
    const isPlain = identity.traits === 0 || identity.key === `${identity.name}\0${identity.type}`;
    this.byte(isPlain ? 1 : 0);
    this.text(identity.name);
    this.text(identity.type);
    if (!isPlain) {
      this.value(identity.reservations);
      this.value(identity.disk);
      this.value(identity.revocable);
      this.value(identity.shared);
      this.value(identity.providerId);
      this.value(identity.allocationRole);
      this.count(entry.count);
    }
    if (entry.ranges !== null) {
      this.count(entry.ranges.length);
      for (const { begin, end } of entry.ranges) {
        this.value(begin);
        this.value(end);
      }
    } else if (entry.items !== null) {
      this.count(entry.items.length);
      for (const item of entry.items) this.text(item);
    } else {
      this.value(entry.scalar);
    }
  }

  #amounts(tag: number, names: readonly string[], values: readonly number[]): void {
    this.#bytes[this.#length++] = tag;
    this.#count(names.length);
    for (let index = 0; index < names.length; index++) {
      this.text(names[index]!);
      this.value(values[index]!);
    }
  }

  /** As `value` writes a text. */
  text(text: string): void {
    if (this.#length + ROOM > this.#bytes.length) this.#grow(ROOM);
    if (text.length > DICTIONARY_TEXT_MAX) {
      this.#bytes[this.#length++] = TAG_TEXT;
      this.#characters(text);
      return;
    }
    const known = this.#texts.get(text);
    if (known !== undefined) {
      this.#bytes[this.#length++] = TAG_KNOWN_TEXT;
      this.#count(known);
    } else if (this.#texts.size < DICTIONARY_SIZE_MAX) {
      this.#texts.set(text, this.#texts.size);
      this.#bytes[this.#length++] = TAG_NEW_TEXT;
      this.#characters(text);
    } else {
      this.#bytes[this.#length++] = TAG_TEXT;
      this.#characters(text);
    }
  }

  #characters(text: string): void {
    const { length } = text;
    if (length <= SHORT_TEXT) {
      this.#reserve(length + ROOM);
      const bytes = this.#bytes;
      let at = this.#length;
      bytes[at++] = length;
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code >= 128) break;
        bytes[at++] = code;
      }
      if (index === length) {
        this.#length = at;
        return;
      }
    }
    const size = Buffer.byteLength(text);
    this.#reserve(size + ROOM);
    this.#count(size);
    this.#bytes.write(text, this.#length, 'utf8');
    this.#length += size;
  }

  #number(value: number): void {
    // Zigzag: in bits where it fits an int32, else in arithmetic.
    if ((value | 0) === value && value < 1 << 30 && value > -(1 << 30) && (value !== 0 || 1 / value > 0)) {
      this.#bytes[this.#length++] = TAG_INTEGER;
      this.#count(value >= 0 ? value << 1 : (-value << 1) - 1);
    } else if (Number.isSafeInteger(value) && value !== 0 && value >= -MAX_HALF && value <= MAX_HALF) {
      this.#bytes[this.#length++] = TAG_INTEGER;
      this.#count(value >= 0 ? value * 2 : -value * 2 - 1);
    } else {
      this.#bytes[this.#length++] = TAG_DOUBLE;
      this.#bytes.writeDoubleLE(value, this.#length);
      this.#length += 8;
    }
  }

  #count(count: number): void {
    const bytes = this.#bytes;
    let at = this.#length;
    let left = count;
    if (left >= TWO_28) {
      // Beyond the bits of an int32: the lower four digits first.
      const upper = Math.floor(left / TWO_28);
      const lower = left - upper * TWO_28;
      bytes[at++] = (lower & 127) | 128;
      bytes[at++] = ((lower >>> 7) & 127) | 128;
      bytes[at++] = ((lower >>> 14) & 127) | 128;
      bytes[at++] = (lower >>> 21) | 128;
      left = upper;
    }
    while (left >= 128) {
      bytes[at++] = (left & 127) | 128;
      left >>>= 7;
    }
    bytes[at++] = left;
    this.#length = at;
  }

  #reserve(size: number): void {
    if (this.#length + size > this.#bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
