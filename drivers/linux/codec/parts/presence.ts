import { type Micros, micros, MICROS_PER_SECOND } from '../../../../engine/core/index.ts';
import { WireError } from '../message/wire-error.ts';

/** A field's value, null when it is unset: reading an unset field gives its default. */
export function own<Message extends object, Field extends keyof Message>(
  message: Message,
  field: Field,
): Exclude<Message[Field], undefined> | null {
  return Object.hasOwn(message, field) ? (message[field] as Exclude<Message[Field], undefined>) : null;
}

/** A sub-message that a call cannot do without (spec 01 §5). */
export function present<Part>(part: Part | undefined, name: string): Part {
  if (part === undefined) throw new WireError('', `Expecting '${name}' to be present`);
  return part;
}

/** A value for a field, undefined for null: unset fields are left out. */
export function orUnset<Value>(value: Value | null): Value | undefined {
  return value === null ? undefined : value;
}

const NANOS_PER_MICRO = 1_000n;

/** Whole microseconds of nanoseconds, rounded toward zero. Beyond 2^53 µs, 285 years, no instant or duration is meant. */
export function nanosToMicros(nanoseconds: bigint, path: string): Micros {
  const value = Number(nanoseconds / NANOS_PER_MICRO);
  if (!Number.isSafeInteger(value)) throw new WireError(path, 'beyond 285 years');
  return micros(value);
}

export function microsToNanos(value: Micros): bigint {
  return BigInt(value) * NANOS_PER_MICRO;
}

/** Microseconds from seconds of a `double` field. */
export function secondsField(seconds: number, path: string): Micros {
  const value = Math.round(seconds * MICROS_PER_SECOND);
  if (!Number.isSafeInteger(value)) throw new WireError(path, `expected seconds, got ${seconds}`);
  return micros(value);
}

/** A 64-bit count as a number; what exceeds 2^53 is refused. */
export function count(value: bigint, path: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new WireError(path, `beyond ${Number.MAX_SAFE_INTEGER}`);
  return number;
}

/** Names of a generated enum by number. */
export function namesOf<Enum extends { readonly [name: string]: number }>(
  values: Enum,
): (number: Enum[keyof Enum]) => keyof Enum & string {
  const names = new Map<number, keyof Enum & string>();
  for (const [name, number] of Object.entries(values)) names.set(number, name);
  return (number) => {
    const name = names.get(number);
    if (name === undefined) throw new WireError('', `no name for the number ${String(number)}`);
    return name;
  };
}
