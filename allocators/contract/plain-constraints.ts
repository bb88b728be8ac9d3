import { assert, assertNever } from '../../engine/core/index.ts';
import type {
  Attribute,
  AttributeConstraint,
  DomainInfo,
  OfferConstraints,
} from '../../engine/protocol/index.ts';
import { compileRegex, NO_REGEX_LIMITS } from '../../engine/regex/index.ts';

/** What constraints look at. */
export interface ConstrainedAgent {
  readonly hostname: string;
  readonly attributes: readonly Attribute[];
  readonly domain: DomainInfo | null;
}

/** Whether a role has constraints and no group of them holds for the agent (conformance README §10). */
export function isExcluded(constraints: OfferConstraints, role: string, agent: ConstrainedAgent): boolean {
  const own = constraints.roleConstraints.get(role);
  if (own === undefined) return false;
  return !own.groups.some(({ attributeConstraints }) =>
    attributeConstraints.every((one) => holds(one, agent)),
  );
}

/** What a selector finds: a text, something that is no text, or nothing. */
type Found = { readonly text: string } | 'NOT_TEXT' | 'MISSING';

function holds({ selector, predicate }: AttributeConstraint, agent: ConstrainedAgent): boolean {
  const found = find(selector, agent);
  switch (predicate.kind) {
    case 'exists':
      return found !== 'MISSING';
    case 'not_exists':
      return found === 'MISSING';
    case 'text_equals':
      return found !== 'MISSING' && (found === 'NOT_TEXT' || found.text === predicate.value);
    case 'text_not_equals':
      return found === 'MISSING' || found === 'NOT_TEXT' || found.text !== predicate.value;
    case 'text_matches':
      return found !== 'MISSING' && (found === 'NOT_TEXT' || matches(predicate.regex, found.text));
    case 'text_not_matches':
      return found === 'MISSING' || found === 'NOT_TEXT' || !matches(predicate.regex, found.text);
    default:
      return assertNever(predicate);
  }
}

/** The first attribute of a name counts. */
function find(selector: AttributeConstraint['selector'], agent: ConstrainedAgent): Found {
  if (selector.kind === 'attribute') {
    const attribute = agent.attributes.find(({ name }) => name === selector.name);
    if (attribute === undefined) return 'MISSING';
    return attribute.type === 'TEXT' ? { text: attribute.text } : 'NOT_TEXT';
  }
  switch (selector.type) {
    case 'HOSTNAME':
      return { text: agent.hostname };
    case 'REGION':
      return agent.domain === null ? 'MISSING' : { text: agent.domain.region };
    case 'ZONE':
      return agent.domain === null ? 'MISSING' : { text: agent.domain.zone };
    default:
      return assertNever(selector.type);
  }
}

function matches(regex: string, text: string): boolean {
  const pattern = compileRegex(regex, NO_REGEX_LIMITS);
  assert(pattern.ok, 'constraints with a broken pattern were refused when they were stated');
  return pattern.value.matchesWhole(text);
}
