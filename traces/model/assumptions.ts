import { type Micros, type Milli, micros, milli } from '../../engine/core/index.ts';
import { parseScaled } from '../text/numbers.ts';
import { TraceError } from './trace-error.ts';

/** Something that a trace does not say, or a parameter of a generator. */
export interface AssumptionSpec {
  readonly name: string;
  /** What it is, with its unit; printed in the report. */
  readonly meaning: string;
  /** Null: no sensible default; the user has to give it where it is needed. */
  readonly fallback: string | null;
  /** A value to show in the request for it. */
  readonly example: string;
}

const MEBIBYTE = /^(\d+(?:\.\d+)?)(MiB|GiB|TiB|MB|GB|TB)?$/;
// The kernel's unit is the MiB; as Mesos does, MB and GB are read as powers of two.
const MEBIBYTES_PER: Readonly<Record<string, number>> = {
  MiB: 1,
  MB: 1,
  GiB: 1_024,
  GB: 1_024,
  TiB: 1_048_576,
  TB: 1_048_576,
};

/** The assumptions of one reading: values given by the user over defaults, and a line for each that was used. */
export class Assumptions {
  readonly #owner: string;
  readonly #specs = new Map<string, AssumptionSpec>();
  readonly #given: ReadonlyMap<string, string>;
  readonly #lines = new Map<string, string>();

  /** Throws `TraceError` for a name that is not in `specs`. */
  constructor(owner: string, specs: readonly AssumptionSpec[], given: ReadonlyMap<string, string>) {
    this.#owner = owner;
    this.#given = given;
    for (const spec of specs) this.#specs.set(spec.name, spec);
    for (const name of given.keys()) {
      if (this.#specs.has(name)) continue;
      const known = specs.length === 0 ? 'none' : [...this.#specs.keys()].join(', ');
      throw new TraceError(`unknown assumption "${name}" for ${owner}, expected one of: ${known}`);
    }
  }

  /** One sentence per assumption used so far, and per `state`. */
  get lines(): readonly string[] {
    return [...this.#lines.values()];
  }

  /** Notes something assumed that is no choice. */
  state(sentence: string): void {
    this.#lines.set(`=${sentence}`, sentence);
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** Refuses, naming every one of `names` that was not given and has no default. */
  require(names: readonly string[]): void {
    const missing = names.filter((name) => !this.#given.has(name) && this.#spec(name).fallback === null);
    if (missing.length === 0) return;
    const requests = missing.map((name) => {
      const spec = this.#spec(name);
      return `\n  --assume ${name}=${spec.example}   ${spec.meaning}`;
    });
    throw new TraceError(`${this.#owner} does not say everything a replay needs; give:${requests.join('')}`);
  }

  text(name: string): string {
    const spec = this.#spec(name);
    const value = this.#given.get(name) ?? spec.fallback;
    if (value === null) {
      this.require([name]);
      throw new TraceError(`assumption ${name} is missing`);
    }
    const source = this.#given.has(name) ? 'given' : 'default';
    this.#lines.set(name, `${name}=${value} (${source}): ${spec.meaning}`);
    return value;
  }

  choice<const Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.text(name);
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) throw this.#invalid(name, value, `one of: ${choices.join(', ')}`);
    return chosen;
  }

  /** A whole number in [min, max]. */
  count(name: string, min: number, max = 1_000_000_000): number {
    const value = this.text(name);
    const count = parseScaled(value, 0);
    if (!/^\d+$/.test(value) || !(count >= min && count <= max)) {
      throw this.#invalid(name, value, `a whole number from ${min} to ${max}`);
    }
    return count;
  }

  /** A number above 0. */
  positive(name: string): number {
    const value = this.text(name);
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (!(number > 0 && number < Number.POSITIVE_INFINITY)) {
      throw this.#invalid(name, value, 'a number above 0');
    }
    return number;
  }

  /** Thousandths of a scalar, `min` or more. */
  milli(name: string, min = 1): Milli {
    const value = this.text(name);
    const scaled = parseScaled(value, 3);
    if (!(scaled >= min)) throw this.#invalid(name, value, `a number from ${min / 1000}`);
    return milli(scaled);
  }

  /** Memory or disk, thousandths of a MiB, from a number of MiB or one with a unit. */
  mebibytes(name: string, min = 1): Milli {
    const value = this.text(name);
    const match = MEBIBYTE.exec(value);
    const scaled =
      match === null ? Number.NaN : Math.round(parseScaled(match[1]!, 3) * MEBIBYTES_PER[match[2] ?? 'MiB']!);
    if (!(scaled >= min)) throw this.#invalid(name, value, 'MiB, or a number with MiB, GiB or TiB');
    return milli(scaled);
  }

  /** A duration given in seconds, 1 µs or more. */
  seconds(name: string): Micros {
    const value = this.text(name);
    const scaled = parseScaled(value, 6);
    if (!(scaled >= 1)) throw this.#invalid(name, value, 'seconds above 0');
    return micros(scaled);
  }

  #spec(name: string): AssumptionSpec {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new TraceError(`${this.#owner} has no assumption "${name}"`);
    return spec;
  }

  #invalid(name: string, value: string, expected: string): TraceError {
    return new TraceError(`assumption ${name} is "${value}", expected ${expected}`);
  }
}
