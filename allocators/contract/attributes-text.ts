import { err, ok, type Result } from '../../engine/core/index.ts';
import type { Attribute } from '../../engine/protocol/index.ts';
import { parseRanges, parseValue, splitItems } from './item-text.ts';

/**
 * Attributes text `rack:r1;cores:16;ports:[1-9]` (conformance README §2): split at the first colon; a non-negative number
 * is a scalar, brackets are ranges, anything else is text without its blanks; braces are refused. Order is kept.
 */
export function parseAttributes(text: string): Result<readonly Attribute[], string> {
  const attributes: Attribute[] = [];
  for (const piece of splitItems(text)) {
    const colon = piece.indexOf(':');
    if (colon <= 0) return err(`"${piece}" is no attribute: expected name:value`);
    const attribute = parseAttribute(piece.slice(0, colon).trim(), piece.slice(colon + 1).trim());
    if (!attribute.ok) return err(`"${piece}": ${attribute.error}`);
    attributes.push(attribute.value);
  }
  return ok(attributes);
}

function parseAttribute(name: string, value: string): Result<Attribute, string> {
  if (name === '' || value === '') return err('neither the name nor the value may be empty');
  if (/[{}]/.test(value)) return err('braces are not allowed');
  if (value.startsWith('[')) {
    const ranges = parseRanges(value);
    if (!ranges.ok) return ranges;
    return ok({ name, type: 'RANGES', ranges: ranges.value.ranges });
  }
  const scalar = parseValue(value);
  if (scalar.ok && scalar.value.type === 'SCALAR')
    return ok({ name, type: 'SCALAR', scalar: scalar.value.scalar });
  return ok({ name, type: 'TEXT', text: value.replace(/\s+/g, '') });
}
