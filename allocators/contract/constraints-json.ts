import { err, ok, type Result } from '../../engine/core/index.ts';
import type { AttributeConstraint, ConstraintGroup, OfferConstraints } from '../../engine/protocol/index.ts';
import { compileRegex, DEFAULT_REGEX_LIMITS, regexErrorText } from '../../engine/regex/index.ts';
import { type Decoder, list, mapOf, MalformedInput, optional, shape, text, word } from './decode.ts';

const empty = shape({});
const value = shape({ value: text });
const pattern = shape({ regex: text });

const selectorFields = shape({
  attribute_name: optional(text),
  pseudoattribute_type: optional(word(['HOSTNAME', 'REGION', 'ZONE'])),
});

const predicateFields = shape({
  exists: optional(empty),
  not_exists: optional(empty),
  text_equals: optional(value),
  text_not_equals: optional(value),
  text_matches: optional(pattern),
  text_not_matches: optional(pattern),
});

const selector: Decoder<AttributeConstraint['selector']> = (json, path) => {
  const { attribute_name: name, pseudoattribute_type: type } = selectorFields(json, path);
  if ((name === undefined) === (type === undefined))
    throw new MalformedInput(path, 'expected exactly one selector');
  return name !== undefined ? { kind: 'attribute', name } : { kind: 'pseudoattribute', type: type! };
};

const predicate: Decoder<AttributeConstraint['predicate']> = (json, path) => {
  const fields = predicateFields(json, path);
  const given = Object.entries(fields).filter(([, field]) => field !== undefined);
  if (given.length !== 1)
    throw new MalformedInput(path, `expected exactly one predicate, found ${given.length}`);
  if (fields.exists !== undefined) return { kind: 'exists' };
  if (fields.not_exists !== undefined) return { kind: 'not_exists' };
  if (fields.text_equals !== undefined) return { kind: 'text_equals', value: fields.text_equals.value };
  if (fields.text_not_equals !== undefined)
    return { kind: 'text_not_equals', value: fields.text_not_equals.value };
  const kind = fields.text_matches !== undefined ? 'text_matches' : 'text_not_matches';
  const { regex } = (fields.text_matches ?? fields.text_not_matches)!;
  const compiled = compileRegex(regex, DEFAULT_REGEX_LIMITS);
  if (!compiled.ok)
    throw new MalformedInput(path, `"${regex}" is no pattern: ${regexErrorText(compiled.error)}`);
  return { kind, regex };
};

const group: Decoder<ConstraintGroup> = (json, path) => {
  const fields = shape({ attribute_constraints: list(shape({ selector, predicate }), 1) })(json, path);
  return { attributeConstraints: fields.attribute_constraints };
};

const constraints = shape({ role_constraints: optional(mapOf(shape({ groups: list(group, 1) }))) });

/** Offer constraints from the JSON form of the scheduler API (conformance README §10, spec 03 §10), or why they are malformed. */
export function parseOfferConstraints(json: unknown): Result<OfferConstraints, string> {
  try {
    const read = constraints(json, 'offer_constraints');
    return ok({ roleConstraints: read.role_constraints ?? new Map() });
  } catch (error) {
    if (error instanceof MalformedInput) return err(`${error.path}: ${error.message}`);
    throw error;
  }
}
