import { assertNever, err, ok, type Result } from '../core/index.ts';
import { parseValue, type ResourceError, scalarAmount, withoutBlanks } from '../resources/index.ts';
import type { Attribute } from './agent-info.ts';

/**
 * An agent's `--attributes`: `rack:r1;cores:16;ports:[1-9]` (spec 02 §3). A number of at least 0 is a scalar, brackets are ranges, anything
 * else, negative numbers too, is text without its blanks. Order and repeated names are kept.
 */
export function parseAttributes(text: string): Result<readonly Attribute[], ResourceError> {
  const attributes: Attribute[] = [];
  for (const item of text.split(';')) {
    if (item.trim() === '') continue;
    const attribute = parseAttribute(item.trim());
    if (!attribute.ok) return attribute;
    attributes.push(attribute.value);
  }
  return ok(attributes);
}

function parseAttribute(item: string): Result<Attribute, ResourceError> {
  const colon = item.indexOf(':');
  if (colon < 0) return err({ code: 'TEXT_MALFORMED', item, reason: 'COLON_MISSING' });
  const name = item.slice(0, colon).trim();
  if (name === '') return err({ code: 'NAME_EMPTY' });
  const parsed = parseValue(item.slice(colon + 1));
  if (!parsed.ok) return err({ code: 'TEXT_MALFORMED', item, reason: parsed.error });
  const value = parsed.value;
  switch (value.type) {
    case 'SCALAR': {
      if (value.scalar < 0) return ok({ name, type: 'TEXT', text: withoutBlanks(item.slice(colon + 1)) });
      const scalar = scalarAmount(name, value.scalar);
      return scalar.ok ? ok({ name, type: 'SCALAR', scalar: scalar.value }) : scalar;
    }
    case 'RANGES':
      return ok({ name, type: 'RANGES', ranges: value.ranges });
    case 'SET':
      return err({ code: 'TEXT_MALFORMED', item, reason: 'VALUE_NOT_AN_ATTRIBUTE' });
    case 'TEXT':
      return ok({ name, type: 'TEXT', text: value.text });
    default:
      return assertNever(value);
  }
}
