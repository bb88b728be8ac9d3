import type { ResourceError } from './resource-error.ts';

/** Keeps the first thing that was wrong; what is read after it does not matter. */
export class JsonFaults {
  first: ResourceError | null = null;

  report(error: ResourceError): void {
    this.first ??= error;
  }
}

/**
 * A JSON object read field by field as Mesos reads a message (spec 01 §5): unknown fields are ignored, an absent optional field is null,
 * a field of another JSON type is reported with its path. Its own properties only, so that no inherited name passes for a field.
 */
export class JsonObject {
  readonly path: string;
  readonly #fields: object;
  readonly #faults: JsonFaults;

  private constructor(path: string, fields: object, faults: JsonFaults) {
    this.path = path;
    this.#fields = fields;
    this.#faults = faults;
  }

  /** Null, and reported, when `value` is no object. */
  static read(value: unknown, path: string, faults: JsonFaults): JsonObject | null {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return new JsonObject(path, value, faults);
    }
    faults.report({ code: 'JSON_MALFORMED', path, expected: 'an object' });
    return null;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  text(name: string): string | null {
    const value = this.#value(name);
    if (value === undefined) return null;
    return typeof value === 'string' ? value : this.#refuse(name, 'a string');
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.#missing(name, 'a string') ?? '';
  }

  /** Numbers may come as strings; `Infinity` too. */
  requiredNumber(name: string): number {
    const value = this.#value(name);
    if (typeof value === 'number') return value;
    const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
    return Number.isNaN(parsed) ? (this.#refuse(name, 'a number') ?? 0) : parsed;
  }

  object(name: string): JsonObject | null {
    const value = this.#value(name);
    return value === undefined ? null : JsonObject.read(value, this.#pathOf(name), this.#faults);
  }

  /** An absent list is empty. */
  objects(name: string): readonly JsonObject[] {
    const objects: JsonObject[] = [];
    this.#list(name).forEach((value, index) => {
      const object = JsonObject.read(value, `${this.#pathOf(name)}[${index}]`, this.#faults);
      if (object !== null) objects.push(object);
    });
    return objects;
  }

  /** An absent list is empty. */
  texts(name: string): readonly string[] {
    const texts: string[] = [];
    this.#list(name).forEach((value, index) => {
      if (typeof value === 'string') texts.push(value);
      else this.#refuse(`${name}[${index}]`, 'a string');
    });
    return texts;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#value(name);
    if (value === undefined) return [];
    return Array.isArray(value) ? value : (this.#refuse(name, 'an array') ?? []);
  }

  #value(name: string): unknown {
    return this.has(name) ? (this.#fields as { readonly [name: string]: unknown })[name] : undefined;
  }

  #missing(name: string, expected: string): null {
    return this.#refuse(name, `${expected}, which is required`);
  }

  #refuse(name: string, expected: string): null {
    this.#faults.report({ code: 'JSON_MALFORMED', path: this.#pathOf(name), expected });
    return null;
  }

  #pathOf(name: string): string {
    return `${this.path}.${name}`;
  }
}
