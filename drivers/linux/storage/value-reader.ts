import { type Milli, milli } from '../../../engine/core/index.ts';
import {
  type IdentityParts,
  Quantities,
  type Resource,
  type ResourceIdentity,
  resourceIdentity,
  ResourceLimits,
  Resources,
  rangesResource,
  scalarResource,
  setResource,
  withCount,
} from '../../../engine/resources/index.ts';
import {
  DICTIONARY_SIZE_MAX,
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

/** Bytes that no `ValueWriter` wrote, or wrote in another order. */
export class ValueFormatError extends Error {}

/**
 * Reads what one `ValueWriter` wrote, value by value in the same order. `forget` where the writer forgot. `read` takes the bytes of one value;
 * `begin` and the parts read many that follow one another.
 */
export class ValueReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #texts: string[] = [];
  #shapes: (readonly string[])[] = [];
  readonly #identities = new Map<string, ResourceIdentity>();

  forget(): void {
    this.#texts = [];
    this.#shapes = [];
  }

  /** The value of exactly these bytes. Throws ValueFormatError. */
  read(bytes: Uint8Array): unknown {
    this.begin(bytes);
    const value = this.value();
    if (this.left > 0) throw new ValueFormatError(`${this.left} bytes are left over after a value`);
    return value;
  }

  begin(bytes: Uint8Array): void {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
  }

  /** The next byte's place. */
  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next value. Throws ValueFormatError, as all of these do but `resource`. */
  value(): unknown {
    return this.checked(() => this.#value());
  }

  /** Reads more than one thing: what the engine's own constructors refuse was not written by a `ValueWriter` either. Throws ValueFormatError. */
  checked<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof ValueFormatError) throw error;
      throw new ValueFormatError(`a value is not the engine's: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** A whole number that `ValueWriter.difference` wrote. */
  difference(): number {
    const zigzag = this.count();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  #value(): unknown {
    const tag = this.byte();
    switch (tag) {
      case TAG_NULL:
        return null;
      case TAG_TRUE:
        return true;
      case TAG_FALSE:
        return false;
      case TAG_UNDEFINED:
        return undefined;
      case TAG_INTEGER:
      case TAG_DOUBLE:
        return this.#numberOf(tag);
      case TAG_TEXT:
      case TAG_NEW_TEXT:
      case TAG_KNOWN_TEXT:
        return this.#textOf(tag);
      case TAG_ARRAY: {
        const length = this.length(1);
        const array: unknown[] = [];
        for (let index = 0; index < length; index++) array.push(this.#value());
        return array;
      }
      case TAG_MAP: {
        const size = this.length(2);
        const map = new Map<unknown, unknown>();
        for (let index = 0; index < size; index++) {
          const key = this.#value();
          map.set(key, this.#value());
        }
        return map;
      }
      case TAG_SET: {
        const size = this.length(1);
        const set = new Set<unknown>();
        for (let index = 0; index < size; index++) set.add(this.#value());
        return set;
      }
      case TAG_BYTES: {
        const length = this.length(1);
        this.#at += length;
        return Uint8Array.from(this.#bytes.subarray(this.#at - length, this.#at));
      }
      case TAG_NEW_SHAPE: {
        const count = this.length(1);
        const names: string[] = [];
        for (let index = 0; index < count; index++) names.push(this.characters());
        this.#shapes.push(names);
        return this.#fields(names);
      }
      case TAG_KNOWN_SHAPE: {
        const names = this.#shapes[this.count()];
        if (names === undefined) throw new ValueFormatError('a shape is named that was not written');
        return this.#fields(names);
      }
      case TAG_RESOURCES: {
        const length = this.length(1);
        const entries: Resource[] = [];
        for (let index = 0; index < length; index++) entries.push(this.resource());
        return Resources.of(entries);
      }
      case TAG_QUANTITIES:
        return Quantities.of(this.#amounts());
      case TAG_LIMITS:
        return ResourceLimits.of(this.#amounts());
      default:
        throw new ValueFormatError(`no value begins with the byte ${tag}`);
    }
  }

  #fields(names: readonly string[]): object {
    const record: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!;
      // A field of this name would set the prototype.
      if (name === '__proto__') throw new ValueFormatError('no field is called __proto__');
      record[name] = this.#value();
    }
    return record;
  }

  /** What `ValueWriter.resource` wrote. Throws what its constructor throws for a resource that cannot be. */
  resource(): Resource {
    const isPlain = this.byte() === 1;
    const name = this.text();
    const type = this.text() as ResourceIdentity['type'];
    if (isPlain) return this.#amount(this.#identity({ name, type }), type);
    const parts: IdentityParts = {
      name,
      type,
      reservations: this.#value() as ResourceIdentity['reservations'],
      disk: this.#value() as ResourceIdentity['disk'],
      revocable: this.#value() as boolean,
      shared: this.#value() as boolean,
      providerId: this.#value() as string | null,
      allocationRole: this.#value() as string | null,
    };
    const count = this.count();
    const resource = this.#amount(this.#identity(parts), type);
    return count === 1 ? resource : withCount(resource, count);
  }

  /** One object for equal identities, as the engine shares them. */
  #identity(parts: IdentityParts): ResourceIdentity {
    const made = resourceIdentity(parts);
    const key = `${made.key}\u0000${made.detail}`;
    const known = this.#identities.get(key);
    if (known !== undefined) return known;
    this.#identities.set(key, made);
    return made;
  }

  #amount(identity: ResourceIdentity, type: ResourceIdentity['type']): Resource {
    switch (type) {
      case 'SCALAR':
        return scalarResource(identity, milli(this.number()));
      case 'RANGES': {
        const length = this.length(2);
        const ranges: { begin: number; end: number }[] = [];
        for (let index = 0; index < length; index++) {
          const begin = this.number();
          ranges.push({ begin, end: this.number() });
        }
        return rangesResource(identity, ranges);
      }
      case 'SET': {
        const length = this.length(1);
        const items: string[] = [];
        for (let index = 0; index < length; index++) items.push(this.text());
        return setResource(identity, items);
      }
      default:
        throw new ValueFormatError(`no resource is of type ${String(type)}`);
    }
  }

  #amounts(): (readonly [string, Milli])[] {
    const length = this.length(2);
    const amounts: (readonly [string, Milli])[] = [];
    for (let index = 0; index < length; index++) {
      const name = this.text();
      amounts.push([name, milli(this.number())]);
    }
    return amounts;
  }

  text(): string {
    return this.#textOf(this.byte());
  }

  #textOf(tag: number): string {
    switch (tag) {
      case TAG_TEXT:
        return this.characters();
      case TAG_NEW_TEXT: {
        const text = this.characters();
        if (this.#texts.length >= DICTIONARY_SIZE_MAX) throw new ValueFormatError('the dictionary is full');
        this.#texts.push(text);
        return text;
      }
      case TAG_KNOWN_TEXT: {
        const text = this.#texts[this.count()];
        if (text === undefined) throw new ValueFormatError('a text is named that was not written');
        return text;
      }
      default:
        throw new ValueFormatError(`no text begins with the byte ${tag}`);
    }
  }

  characters(): string {
    const size = this.length(1);
    this.#at += size;
    return this.#bytes.toString('utf8', this.#at - size, this.#at);
  }

  number(): number {
    return this.#numberOf(this.byte());
  }

  #numberOf(tag: number): number {
    if (tag === TAG_INTEGER) return this.difference();
    if (tag !== TAG_DOUBLE) throw new ValueFormatError(`no number begins with the byte ${tag}`);
    if (this.#at + 8 > this.#bytes.length) throw new ValueFormatError('a value is cut off');
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  /** A number of things of `size` bytes or more, of which there cannot be more than bytes are left. */
  length(size: number): number {
    const length = this.count();
    if (length * size > this.#bytes.length - this.#at) throw new ValueFormatError('a value is cut off');
    return length;
  }

  count(): number {
    let count = 0;
    let unit = 1;
    for (let digits = 0; digits < 8; digits++) {
      const byte = this.byte();
      count += (byte % 128) * unit;
      if (byte < 128) return count;
      unit *= 128;
    }
    throw new ValueFormatError('a number is too long');
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new ValueFormatError('a value is cut off');
    return this.#bytes[this.#at++]!;
  }
}
