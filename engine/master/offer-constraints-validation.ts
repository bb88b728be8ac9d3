import type { AttributeConstraint, OfferConstraints } from '../protocol/index.ts';
import { compileRegex, regexErrorText, type RegexLimits } from '../regex/index.ts';

/** First rule that offer constraints break, in words, or null (spec 03 §10). `roles` are those of the framework. */
export function validateOfferConstraints(
  { roleConstraints }: OfferConstraints,
  roles: ReadonlySet<string>,
  limits: RegexLimits,
): string | null {
  for (const [role, { groups }] of roleConstraints) {
    if (!roles.has(role))
      return `Offer constraints name role '${role}', which is not one of the framework's roles`;
    if (groups.length === 0) return `Offer constraints of role '${role}' have no group`;
    for (const { attributeConstraints } of groups) {
      if (attributeConstraints.length === 0)
        return `A group of the offer constraints of role '${role}' has no constraint`;
      for (const constraint of attributeConstraints) {
        const error = validatePattern(constraint, limits);
        if (error !== null) return `Offer constraints of role '${role}' have ${error}`;
      }
    }
  }
  return null;
}

function validatePattern({ predicate }: AttributeConstraint, limits: RegexLimits): string | null {
  if (predicate.kind !== 'text_matches' && predicate.kind !== 'text_not_matches') return null;
  const compiled = compileRegex(predicate.regex, limits);
  if (compiled.ok) return null;
  return `an invalid pattern '${quoted(predicate.regex)}': ${regexErrorText(compiled.error)}`;
}

/** Most characters of a refused pattern that the answer repeats. */
const QUOTE_MAX = 200;

function quoted(pattern: string): string {
  return pattern.length <= QUOTE_MAX ? pattern : `${pattern.slice(0, QUOTE_MAX)}…`;
}
