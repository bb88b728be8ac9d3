import {
  type Micros,
  MICROS_PER_MILLISECOND,
  type Milli,
  micros,
  type Result,
  secondsToMicros,
} from '../../engine/core/index.ts';
import type { Unavailability } from '../../engine/master/index.ts';
import type { Attribute, DomainInfo } from '../../engine/protocol/index.ts';
import {
  Quantities,
  type ResourceError,
  ResourceLimits,
  type Resources,
  resourceErrorText,
} from '../../engine/resources/index.ts';
import { parseAttributes } from './attributes-text.ts';
import {
  type Decoder,
  integer,
  MalformedInput,
  name,
  nullable,
  number,
  optional,
  shape,
  text,
} from './decode.ts';
import { parseValue } from './item-text.ts';
import { parseResources } from './resources-text.ts';

function parsed<T>(result: Result<T, string>, path: string): T {
  if (!result.ok) throw new MalformedInput(path, result.error);
  return result.value;
}

function parsedByEngine<T>(result: Result<T, ResourceError>, path: string): T {
  if (!result.ok) throw new MalformedInput(path, resourceErrorText(result.error));
  return result.value;
}

/** Resources text (conformance README §2). */
export const resources: Decoder<Resources> = (value, path) => parsed(parseResources(text(value, path)), path);

/** Quantities text: zeros are dropped, a repeated name adds up. */
export const quantities: Decoder<Quantities> = (value, path) =>
  parsedByEngine(Quantities.parse(text(value, path)), path);

/** Quantities text read as limits: zeros are kept, a repeated name is refused, nothing is unlimited. */
export const limits: Decoder<ResourceLimits> = (value, path) =>
  parsedByEngine(ResourceLimits.parse(text(value, path)), path);

export const attributes: Decoder<readonly Attribute[]> = (value, path) =>
  parsed(parseAttributes(text(value, path)), path);

/** A scalar written as text. */
export const scalarText: Decoder<Milli> = (value, path) => {
  const scalar = parsed(parseValue(text(value, path).trim()), path);
  if (scalar.type !== 'SCALAR') throw new MalformedInput(path, 'expected a number written as text');
  return scalar.scalar;
};

export const domain: Decoder<DomainInfo | null> = nullable(shape({ region: name, zone: name }));

/** A duration or an instant in whole milliseconds. */
export function milliseconds(least: number): Decoder<Micros> {
  const whole = integer(least);
  return (value, path) => micros(whole(value, path) * MICROS_PER_MILLISECOND);
}

/** A planned outage; null ends it. */
export const unavailability: Decoder<Unavailability | null> = nullable((value, path) => {
  const fields = shape({
    startMs: milliseconds(Number.MIN_SAFE_INTEGER),
    durationMs: optional(milliseconds(Number.MIN_SAFE_INTEGER)),
  })(value, path);
  return { start: fields.startMs, duration: fields.durationMs ?? null };
});

/** A refusal time in seconds; null or left out means no filter. Absurdly long ones become the longest instant there is. */
export const filterSeconds: Decoder<Micros | null> = (value, path) => {
  if (value === undefined || value === null) return null;
  const seconds = number(value, path);
  return micros(
    Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, secondsToMicros(seconds))),
  );
};
