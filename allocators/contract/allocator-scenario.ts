import { performDeed } from './allocator-deeds.ts';
import { readMetric } from './allocator-metrics.ts';
import { ALLOCATOR_STEPS, type AllocatorStep, type FieldsOf } from './allocator-steps.ts';
import { AllocatorWorld } from './allocator-world.ts';
import { expectClose, expectSame, expectSameSet, Unsupported } from './failure.ts';
import { kindOf } from './kind.ts';
import { scenarioOptions } from './options.ts';
import { readStep } from './scenario.ts';

const SHARE_TOLERANCE = 1e-9;

/** The whole allocator (conformance README §5 to §7). */
export const ALLOCATOR_KIND = kindOf(
  ALLOCATOR_STEPS,
  ({ options, subject, seed }) => {
    if (subject.allocator === null) throw new Unsupported('this implementation has no allocator');
    const world = new AllocatorWorld(subject.allocator, scenarioOptions(options, seed));
    return {
      perform(step) {
        perform(world, step);
      },
      finish() {
        world.ledger.expectEmpty();
      },
    };
  },
  true,
);

function perform(world: AllocatorWorld, step: AllocatorStep): void {
  switch (step.op) {
    case 'repeat': {
      const steps = step.fields.steps.map((nested) => readStep(ALLOCATOR_STEPS, nested));
      for (let time = 0; time < step.fields.times; time++) {
        for (const nested of steps) perform(world, nested);
      }
      return;
    }
    case 'expectAllocations':
      return world.ledger.expectAllocations(step.fields.allocations);
    case 'expectNoAllocations':
      return world.ledger.expectNone();
    case 'expectOneOf':
      return world.ledger.expectOneOf(step.fields.alternatives);
    case 'expectTotals':
      return world.ledger.expectTotals(step.fields.totals);
    case 'expectCounts':
      return expectCounts(world, step.fields);
    case 'expectInverseOffers':
      return world.ledger.expectInverseOffers(step.fields.offers);
    case 'expectNoInverseOffers':
      return world.ledger.expectNoInverseOffers();
    case 'expectInverseOfferStatuses':
      return expectInverseOfferStatuses(world, step.fields);
    case 'expectRoleOrder':
      return expectSame(
        'the order of roles',
        step.fields.order,
        world.allocator.roleOrder().map((role) => world.allocator.roleName(role)),
      );
    case 'expectShares':
      for (const [role, share] of step.fields.shares) {
        expectClose(
          `the share of ${role}`,
          share,
          world.allocator.dominantShare(world.role(role)),
          SHARE_TOLERANCE,
        );
      }
      return;
    case 'expectMetrics':
      return expectMetrics(world, step.fields);
    default:
      return performDeed(world, step);
  }
}

function expectCounts(world: AllocatorWorld, { counts }: FieldsOf<'expectCounts'>): void {
  const expected = [...counts].map(([framework, count]) => `${framework}: ${count}`);
  const actual = [...counts.keys()].map((framework) => `${framework}: ${world.count(framework)}`);
  expectSame('the numbers of cycles that allocated something', expected, actual);
  world.resetCounts();
}

/** An agent that is not mentioned has no answers. */
function expectInverseOfferStatuses(
  world: AllocatorWorld,
  { statuses }: FieldsOf<'expectInverseOfferStatuses'>,
): void {
  const expected = [...statuses].flatMap(([agent, answers]) =>
    [...answers].map(([framework, status]) => `${framework} on ${agent}: ${status}`),
  );
  const actual = world
    .unavailableAgents()
    .flatMap((agent) =>
      [...world.allocator.inverseOfferStatuses(world.agent(agent))].map(
        ([framework, status]) => `${world.frameworkName(framework)} on ${agent}: ${status}`,
      ),
    );
  expectSameSet('the answers to inverse offers', expected, actual);
}

function expectMetrics(world: AllocatorWorld, { metrics, absent }: FieldsOf<'expectMetrics'>): void {
  for (const [name, value] of metrics) {
    const actual = readMetric(world, name);
    if (actual === undefined) expectSame(name, value, 'absent');
    else expectClose(name, value, actual, SHARE_TOLERANCE);
  }
  for (const name of absent) expectSame(name, 'absent', readMetric(world, name) ?? 'absent');
}
