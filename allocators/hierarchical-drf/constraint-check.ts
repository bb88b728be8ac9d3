import { assert, assertNever } from '../../engine/core/index.ts';
import { valueLayout } from '../../engine/core/graph/index.ts';
import type {
  Attribute,
  AttributeConstraint,
  ConstraintGroup,
  DomainInfo,
  OfferConstraints,
} from '../../engine/protocol/index.ts';
import { compileRegex, NO_REGEX_LIMITS, type Regex } from '../../engine/regex/index.ts';

/** What constraints look at. */
export interface ConstrainedAgent {
  readonly hostname: string;
  readonly attributes: readonly Attribute[];
  readonly domain: DomainInfo | null;
}

type Test = (agent: ConstrainedAgent) => boolean;

/** The compiled constraints of one role. Patterns were found valid by the master; they match the whole text. */
export class ConstraintCheck {
  readonly #groups: readonly ConstraintGroup[];
  readonly #tests: readonly Test[];

  constructor(groups: readonly ConstraintGroup[]) {
    this.#groups = groups;
    this.#tests = groups.map((group) => compileGroup(group));
  }

  /** Whether an agent is kept away: no group has all its constraints true (conformance README §10). */
  excludes(agent: ConstrainedAgent): boolean {
    return !this.#tests.some((test) => test(agent));
  }

  static readonly layout = valueLayout({
    pack: (check: ConstraintCheck) => check.#groups,
    unpack: (groups) => new ConstraintCheck(groups),
  });
}

/** Compiles the constraints of `role`; null when it has none. */
export function constraintCheck(constraints: OfferConstraints | null, role: string): ConstraintCheck | null {
  const groups = constraints?.roleConstraints.get(role)?.groups;
  return groups === undefined ? null : new ConstraintCheck(groups);
}

/** Whether `constraints` keep `agent` from `role`. For tools and tests; cycles use the compiled check. */
export function isExcludedByConstraints(
  constraints: OfferConstraints,
  role: string,
  agent: ConstrainedAgent,
): boolean {
  return constraintCheck(constraints, role)?.excludes(agent) ?? false;
}

function compileGroup(group: ConstraintGroup): Test {
  const tests = group.attributeConstraints.map(compile);
  return (agent) => tests.every((test) => test(agent));
}

/**
 * A missing attribute fails what wants it to be there or to be so, and passes the opposites; one that is there and is no text
 * passes all four tests of text.
 */
function compile({ selector, predicate }: AttributeConstraint): Test {
  const select = (agent: ConstrainedAgent): Attribute | string | null => selected(agent, selector);
  switch (predicate.kind) {
    case 'exists':
      return (agent) => select(agent) !== null;
    case 'not_exists':
      return (agent) => select(agent) === null;
    case 'text_equals':
      return (agent) => textTest(select(agent), false, (text) => text === predicate.value);
    case 'text_not_equals':
      return (agent) => textTest(select(agent), true, (text) => text !== predicate.value);
    case 'text_matches': {
      const pattern = compiled(predicate.regex);
      return (agent) => textTest(select(agent), false, (text) => pattern.matchesWhole(text));
    }
    case 'text_not_matches': {
      const pattern = compiled(predicate.regex);
      return (agent) => textTest(select(agent), true, (text) => !pattern.matchesWhole(text));
    }
    default:
      return assertNever(predicate);
  }
}

/** Without limits: those are the master's, and it kept to them. */
function compiled(pattern: string): Regex {
  const regex = compileRegex(pattern, NO_REGEX_LIMITS);
  assert(regex.ok, 'the master refuses constraints with a broken pattern');
  return regex.value;
}

function textTest(
  value: Attribute | string | null,
  ifMissing: boolean,
  test: (text: string) => boolean,
): boolean {
  if (value === null) return ifMissing;
  if (typeof value === 'string') return test(value);
  return value.type === 'TEXT' ? test(value.text) : true;
}

/** The first attribute of the name, or the text of the pseudo-attribute; null when there is none. */
function selected(
  agent: ConstrainedAgent,
  selector: AttributeConstraint['selector'],
): Attribute | string | null {
  if (selector.kind === 'attribute')
    return agent.attributes.find(({ name }) => name === selector.name) ?? null;
  switch (selector.type) {
    case 'HOSTNAME':
      return agent.hostname;
    case 'REGION':
      return agent.domain?.region ?? null;
    case 'ZONE':
      return agent.domain?.zone ?? null;
    default:
      return assertNever(selector.type);
  }
}
