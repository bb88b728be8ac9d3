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
interface ShapeNode {
  /** Number of the shape that ends here, -1 while there is none. */
  shape: number;
  readonly next: Map<string, ShapeNode>;
}

/**
 * Writes the engine's values as bytes; `ValueReader` reads them. A writer keeps a dictionary from value to value, so what it wrote is read in
 * order by one reader. `forget` starts a new dictionary.
 */
export class ValueWriter {
  #bytes = Buffer.allocUnsafe(4_096);
  #length = 0;
  #texts = new Map<string, number>();
  #shapes: ShapeNode = { shape: -1, next: new Map() };
  #shapeCount = 0;

  /** The next value begins a stream of its own. */
  forget(): void {
    this.#texts = new Map();
    this.#shapes = { shape: -1, next: new Map() };
    this.#shapeCount = 0;
  }

  /**
   * Bytes of one value, valid until the next call. Throws InvariantError for what is not the engine's data: functions, symbols, classes it does
   * not know.
   */
  write(value: unknown): Buffer {
    this.#length = 0;
    this.#value(value);
    return this.#bytes.subarray(0, this.#length);
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
        this.#byte(value ? TAG_TRUE : TAG_FALSE);
        break;
      case 'undefined':
        this.#byte(TAG_UNDEFINED);
        break;
      case 'object':
        if (value === null) this.#byte(TAG_NULL);
        else this.#object(value);
        break;
      default:
        assert(false, `a ${typeof value} is no data`);
    }
  }

  #object(value: object): void {
    if (Array.isArray(value)) {
      this.#byte(TAG_ARRAY);
      this.#count(value.length);
      for (let index = 0; index < value.length; index++) this.#value(value[index]);
    } else if (value instanceof Resources) {
      this.#resources(value);
    } else if (value instanceof Quantities) {
      this.#amounts(TAG_QUANTITIES, value.names, value.values);
    } else if (value instanceof ResourceLimits) {
      this.#amounts(TAG_LIMITS, value.names, value.values);
    } else if (value instanceof Map) {
      this.#byte(TAG_MAP);
      this.#count(value.size);
      for (const [key, entry] of value) {
        this.#value(key);
        this.#value(entry);
      }
    } else if (value instanceof Set) {
      this.#byte(TAG_SET);
      this.#count(value.size);
      for (const entry of value) this.#value(entry);
    } else if (value instanceof Uint8Array) {
      this.#byte(TAG_BYTES);
      this.#count(value.length);
      this.#reserve(value.length);
      this.#bytes.set(value, this.#length);
      this.#length += value.length;
    } else {
      this.#fields(value);
    }
  }

  /** A plain object: its shape, then the values of its fields in their order. */
  #fields(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    assert(
      prototype === Object.prototype || prototype === null,
      `${value.constructor?.name} is no plain data`,
    );
    let node = this.#shapes;
    let count = 0;
    for (const name in value) {
      let next = node.next.get(name);
      if (next === undefined) {
        next = { shape: -1, next: new Map() };
        node.next.set(name, next);
      }
      node = next;
      count++;
    }
    const record = value as Record<string, unknown>;
    if (node.shape >= 0) {
      this.#byte(TAG_KNOWN_SHAPE);
      this.#count(node.shape);
      for (const name in record) this.#value(record[name]);
      return;
    }
    // Numbered when its names are written, before the values may bring in further shapes.
    node.shape = this.#shapeCount++;
    this.#byte(TAG_NEW_SHAPE);
    this.#count(count);
    for (const name in record) this.#characters(name);
    for (const name in record) this.#value(record[name]);
  }

  #resources(value: Resources): void {
    this.#byte(TAG_RESOURCES);
    const { entries } = value;
    this.#count(entries.length);
    for (let index = 0; index < entries.length; index++) this.#resource(entries[index]!);
  }

  #resource(entry: Resource): void {
    const { identity } = entry;
    // A plain kind is its name and type; all else is spelled out.
    const isPlain = identity.traits === 0 || identity.key === `${identity.name}\0${identity.type}`;
    this.#byte(isPlain ? 1 : 0);
    this.#text(identity.name);
    this.#text(identity.type);
    if (!isPlain) {
      this.#value(identity.reservations);
      this.#value(identity.disk);
      this.#value(identity.revocable);
      this.#value(identity.shared);
      this.#value(identity.providerId);
      this.#value(identity.allocationRole);
      this.#count(entry.count);
    }
    if (entry.ranges !== null) {
      this.#count(entry.ranges.length);
      for (const { begin, end } of entry.ranges) {
        this.#number(begin);
        this.#number(end);
      }
    } else if (entry.items !== null) {
      this.#count(entry.items.length);
      for (const item of entry.items) this.#text(item);
    } else {
      this.#number(entry.scalar);
    }
  }

  #amounts(tag: number, names: readonly string[], values: readonly number[]): void {
    this.#byte(tag);
    this.#count(names.length);
    for (let index = 0; index < names.length; index++) {
      this.#text(names[index]!);
      this.#number(values[index]!);
    }
  }

  #text(text: string): void {
    if (text.length > DICTIONARY_TEXT_MAX) {
      this.#byte(TAG_TEXT);
      this.#characters(text);
      return;
    }
    const known = this.#texts.get(text);
    if (known !== undefined) {
      this.#byte(TAG_KNOWN_TEXT);
      this.#count(known);
    } else if (this.#texts.size < DICTIONARY_SIZE_MAX) {
      this.#texts.set(text, this.#texts.size);
      this.#byte(TAG_NEW_TEXT);
      this.#characters(text);
    } else {
      this.#byte(TAG_TEXT);
      this.#characters(text);
    }
  }

  #characters(text: string): void {
    const size = Buffer.byteLength(text);
    this.#count(size);
    this.#reserve(size);
    this.#bytes.write(text, this.#length, 'utf8');
    this.#length += size;
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.#byte(TAG_INTEGER);
      // Zigzag in arithmetic, not in bits: 53 bits do not fit an int32. The smallest integer is its own case.
      if (value >= 0 && value <= MAX_HALF) this.#count(value * 2);
      else if (value < 0 && value >= -MAX_HALF) this.#count(-value * 2 - 1);
      else {
        this.#length--;
        this.#double(value);
      }
    } else {
      this.#double(value);
    }
  }

  #double(value: number): void {
    this.#byte(TAG_DOUBLE);
    this.#reserve(8);
    this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  /** A whole number of 0 or more, seven bits a byte. */
  #count(count: number): void {
    this.#reserve(8);
    let left = count;
    while (left >= 128) {
      this.#bytes[this.#length++] = (left % 128) + 128;
      left = Math.floor(left / 128);
    }
    this.#bytes[this.#length++] = left;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

const MAX_HALF = Math.floor(Number.MAX_SAFE_INTEGER / 2);
