import { Quantities, ResourceLimits } from '../../engine/resources/index.ts';
import {
  type Decoder,
  flag,
  integer,
  isObject,
  list,
  mapOf,
  name,
  nullable,
  number,
  optional,
  orElse,
  positiveNumber,
  shape,
  text,
  word,
} from './decode.ts';
import {
  attributes,
  domain,
  filterSeconds,
  limits,
  milliseconds,
  quantities,
  resources,
  unavailability,
} from './notation.ts';
import { operations } from './operations.ts';
import { type RawStep, rawStep, readStep, type StepOf } from './scenario.ts';

const AGENT_CAPABILITIES = ['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT'] as const;
const FRAMEWORK_CAPABILITIES = [
  'MULTI_ROLE',
  'GPU_RESOURCES',
  'SHARED_RESOURCES',
  'REVOCABLE_RESOURCES',
  'RESERVATION_REFINEMENT',
  'REGION_AWARE',
] as const;

const agentCapabilities = list(word(AGENT_CAPABILITIES));
const frameworkCapabilities = list(word(FRAMEWORK_CAPABILITIES));
const usedByFramework = list(shape({ framework: name, role: name, resources }));
const usedOnAgent = list(shape({ agent: name, role: name, resources }));
const roles = list(name);
const quota = {
  guarantees: orElse(quantities, Quantities.EMPTY),
  limits: orElse(limits, ResourceLimits.UNLIMITED),
};
const allocation = shape({ framework: name, role: name, agent: name, resources });
/** Malformed constraints are for the call to refuse, not for the reader. */
const constraintsJson: Decoder<unknown> = (value) => value;

const frameworkFields = {
  framework: name,
  roles,
  suppressedRoles: orElse(roles, []),
  capabilities: orElse(frameworkCapabilities, ['MULTI_ROLE'] as const),
  minAllocatable: orElse(mapOf(list(quantities)), new Map<string, readonly Quantities[]>()),
  offerConstraints: constraintsJson,
  expectError: orElse(flag, false),
};

/** Steps stay unread here; each is read, and so checked, by the vocabulary that holds this decoder. */
const nestedSteps: Decoder<readonly RawStep[]> = (value, path) => {
  const steps = list(rawStep, 1)(value, path);
  for (const step of steps) readStep(ALLOCATOR_STEPS, step);
  return steps;
};

/** A metric's value must be a number; whether its name is known is found out when it is looked up. */
const metrics = orElse(mapOf(number), new Map<string, number>());

/** Steps and expectations of conformance README §6 and §7. */
export const ALLOCATOR_STEPS = {
  addAgent: shape({
    agent: name,
    resources,
    used: orElse(usedByFramework, []),
    capabilities: orElse(agentCapabilities, AGENT_CAPABILITIES),
    attributes: orElse(attributes, []),
    domain: orElse(domain, null),
    hostname: optional(name),
    unavailability: orElse(unavailability, null),
  }),
  updateAgent: shape({
    agent: name,
    resources: optional(resources),
    attributes: optional(attributes),
    capabilities: optional(agentCapabilities),
    domain: optional(domain),
    hostname: optional(name),
  }),
  removeAgent: shape({ agent: name }),
  activateAgent: shape({ agent: name }),
  deactivateAgent: shape({ agent: name }),
  addResourceProvider: shape({ agent: name, resources, used: orElse(usedByFramework, []) }),
  addFramework: shape({ ...frameworkFields, active: orElse(flag, true), used: orElse(usedOnAgent, []) }),
  updateFramework: shape(frameworkFields),
  removeFramework: shape({ framework: name }),
  activateFramework: shape({ framework: name }),
  deactivateFramework: shape({ framework: name }),
  suppressOffers: shape({ framework: name, roles: orElse(roles, []) }),
  reviveOffers: shape({ framework: name, roles: orElse(roles, []) }),
  setQuota: shape({ role: name, ...quota }),
  setWeight: shape({ role: name, weight: positiveNumber }),
  setWhitelist: shape({ hostnames: nullable(list(name)) }),
  recoverResources: shape({ framework: name, agent: name, role: name, resources, filterSeconds }),
  recoverOffers: shape({ scope: word(['last']), framework: optional(name), filterSeconds }),
  updateAllocation: shape({ framework: name, agent: name, role: name, offered: resources, operations }),
  updateAvailable: shape({ agent: name, operations, expectFailure: orElse(flag, false) }),
  setUnavailability: shape({ agent: name, unavailability }),
  respondInverseOffer: shape({
    agent: name,
    framework: name,
    status: orElse(word(['ACCEPT', 'DECLINE']), 'UNKNOWN' as const),
    filterSeconds,
  }),
  recover: shape({ expectedAgents: integer(0), quotas: list(shape({ role: name, ...quota })) }),
  advance: shape({ ms: milliseconds(0) }),
  allocate: shape({}),
  repeat: shape({ times: integer(1), steps: nestedSteps }),

  expectAllocations: shape({ allocations: list(allocation, 1) }),
  expectNoAllocations: shape({}),
  expectOneOf: shape({ alternatives: list(list(allocation), 2) }),
  expectTotals: shape({
    totals: list(shape({ framework: name, role: name, quantities, agents: optional(integer(1)) }), 1),
  }),
  expectCounts: shape({ counts: mapOf(integer(0)) }),
  expectInverseOffers: shape({
    offers: list(
      shape({
        framework: name,
        agent: name,
        startMs: integer(),
        durationMs: optional(integer()),
      }),
      1,
    ),
  }),
  expectNoInverseOffers: shape({}),
  expectInverseOfferStatuses: shape({ statuses: mapOf(mapOf(word(['ACCEPT', 'DECLINE']))) }),
  expectRoleOrder: shape({ order: roles }),
  expectShares: shape({ shares: mapOf(number) }),
  expectMetrics: shape({ metrics, absent: orElse(list(text), []) }),
};

export type AllocatorStep = StepOf<typeof ALLOCATOR_STEPS>;

/** The fields of the step of that `op`. */
export type FieldsOf<Op extends AllocatorStep['op']> = Extract<AllocatorStep, { op: Op }>['fields'];

/** What is expected of one record of a cycle. */
export type ExpectedAllocation = FieldsOf<'expectAllocations'>['allocations'][number];

/** Whether constraints were given at all. */
export function areGiven(constraints: unknown): boolean {
  return constraints !== undefined && !(isObject(constraints) && Object.keys(constraints).length === 0);
}
