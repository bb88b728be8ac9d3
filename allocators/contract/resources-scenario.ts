import { assertNever } from '../../engine/core/index.ts';
import {
  applyOperations,
  type Resources,
  resourceErrorText,
  shrinkToLimits,
  shrinkToQuantities,
} from '../../engine/resources/index.ts';
import { flag, integer, list, MalformedInput, name, optional, orElse, shape, text, word } from './decode.ts';
import { ExpectationFailed, expectSame } from './failure.ts';
import { kindOf } from './kind.ts';
import { limits, quantities, resources } from './notation.ts';
import { operations } from './operations.ts';
import { parseResources } from './resources-text.ts';
import type { StepOf } from './scenario.ts';

const SELECTIONS = [
  'reserved',
  'unreserved',
  'shared',
  'nonShared',
  'revocable',
  'nonRevocable',
  'persistentVolumes',
] as const;

const RESOURCES_STEPS = {
  parse: shape({
    text,
    error: orElse(flag, false),
    equals: optional(resources),
    entries: optional(integer(0)),
  }),
  equal: shape({ left: resources, right: resources, result: flag }),
  contains: shape({ left: resources, right: resources, result: flag }),
  add: shape({ left: resources, right: resources, result: resources, entries: optional(integer(0)) }),
  subtract: shape({ left: resources, right: resources, result: resources }),
  containsQuantities: shape({ resources, quantities, result: flag }),
  quantities: shape({ resources, result: quantities }),
  shrinkToQuantities: shape({
    resources,
    quantities,
    result: optional(resources),
    oneOf: optional(list(resources)),
  }),
  shrinkToLimits: shape({ resources, limits, result: optional(resources), oneOf: optional(list(resources)) }),
  allocatableTo: shape({ resources, role: name, result: resources }),
  select: shape({ resources, which: word(SELECTIONS), role: optional(name), result: resources }),
  apply: shape({ resources, operations, result: optional(resources), error: orElse(flag, false) }),
  quantitiesAdd: shape({ left: quantities, right: quantities, result: quantities }),
  quantitiesSubtract: shape({ left: quantities, right: quantities, result: quantities }),
  limitsSubtract: shape({ left: limits, right: quantities, result: limits }),
  limitsContainQuantities: shape({ limits, quantities, result: flag }),
  limitsContainLimits: shape({ left: limits, right: limits, result: flag }),
};

type ResourcesStep = StepOf<typeof RESOURCES_STEPS>;

/** Resource arithmetic (conformance README §9). */
export const RESOURCES_KIND = kindOf(RESOURCES_STEPS, () => ({ perform, finish() {} }));

function perform(step: ResourcesStep): void {
  const { op } = step;
  switch (op) {
    case 'parse':
      return performParse(step.fields);
    case 'equal':
      return expectSame(op, step.fields.result, step.fields.left.equals(step.fields.right));
    case 'contains':
      return expectSame(op, step.fields.result, step.fields.left.contains(step.fields.right));
    case 'add': {
      const sum = step.fields.left.plus(step.fields.right);
      expectResources('the sum', step.fields.result, sum);
      return expectEntries(step.fields.entries, sum);
    }
    case 'subtract':
      return expectResources('the difference', step.fields.result, step.fields.left.minus(step.fields.right));
    case 'containsQuantities':
      return expectSame(
        op,
        step.fields.result,
        step.fields.resources.sizes().contains(step.fields.quantities),
      );
    case 'quantities':
      return expectText('the quantities', step.fields.result, step.fields.resources.quantities());
    case 'shrinkToQuantities': {
      const { resources: from, quantities: target } = step.fields;
      return expectOneOf(step.path, step.fields, shrinkToQuantities(from, target));
    }
    case 'shrinkToLimits': {
      const { resources: from, limits: target } = step.fields;
      return expectOneOf(step.path, step.fields, shrinkToLimits(from, target));
    }
    case 'allocatableTo':
      return expectResources(
        'what is allocatable',
        step.fields.result,
        step.fields.resources.allocatableTo(step.fields.role),
      );
    case 'select':
      return expectResources(
        'the selection',
        step.fields.result,
        select(step.fields.resources, step.fields.which, step.fields.role),
      );
    case 'apply':
      return performApply(step);
    case 'quantitiesAdd':
      return expectText('the sum', step.fields.result, step.fields.left.plus(step.fields.right));
    case 'quantitiesSubtract':
      return expectText('the difference', step.fields.result, step.fields.left.minus(step.fields.right));
    case 'limitsSubtract':
      return expectText('the difference', step.fields.result, step.fields.left.minus(step.fields.right));
    case 'limitsContainQuantities':
      return expectSame(op, step.fields.result, step.fields.limits.contains(step.fields.quantities));
    case 'limitsContainLimits':
      return expectSame(op, step.fields.result, step.fields.left.containsLimits(step.fields.right));
    default:
      return assertNever(step);
  }
}

function performParse(fields: Extract<ResourcesStep, { op: 'parse' }>['fields']): void {
  const parsed = parseResources(fields.text);
  if (fields.error || !parsed.ok) {
    const actual = parsed.ok ? parsed.value.toString() : `error: ${parsed.error}`;
    if (fields.error === parsed.ok) {
      throw new ExpectationFailed('parsing', fields.error ? 'an error' : 'no error', actual);
    }
    return;
  }
  if (fields.equals !== undefined) expectResources('the resources', fields.equals, parsed.value);
  expectEntries(fields.entries, parsed.value);
}

function performApply(step: Extract<ResourcesStep, { op: 'apply' }>): void {
  const { fields } = step;
  if (fields.error === (fields.result !== undefined)) {
    throw new MalformedInput(step.path, 'expected either a result or "error": true');
  }
  const applied = applyOperations(fields.resources, fields.operations);
  if (!applied.ok) {
    if (fields.error) return;
    throw new ExpectationFailed('the operations', 'no error', `error: ${resourceErrorText(applied.error)}`);
  }
  if (fields.result === undefined) {
    throw new ExpectationFailed('the operations', 'an error', applied.value.toString());
  }
  expectResources('the result', fields.result, applied.value);
}

function select(from: Resources, which: (typeof SELECTIONS)[number], role: string | undefined): Resources {
  switch (which) {
    case 'reserved':
      return from.reserved(role);
    case 'unreserved':
      return from.unreserved();
    case 'shared':
      return from.shared();
    case 'nonShared':
      return from.nonShared();
    case 'revocable':
      return from.revocable();
    case 'nonRevocable':
      return from.nonRevocable();
    case 'persistentVolumes':
      return from.persistentVolumes();
    default:
      return assertNever(which);
  }
}

function expectResources(what: string, expected: Resources, actual: Resources): void {
  if (!actual.equals(expected)) throw new ExpectationFailed(what, expected.toString(), actual.toString());
}

function expectEntries(expected: number | undefined, actual: Resources): void {
  if (expected !== undefined) expectSame('the number of entries', expected, actual.entries.length);
}

function expectText(what: string, expected: { toString(): string }, actual: { toString(): string }): void {
  expectSame(what, expected.toString(), actual.toString());
}

function expectOneOf(
  path: string,
  fields: { readonly result: Resources | undefined; readonly oneOf: readonly Resources[] | undefined },
  actual: Resources,
): void {
  const acceptable = fields.result === undefined ? fields.oneOf : [fields.result];
  if (acceptable === undefined || (fields.result !== undefined && fields.oneOf !== undefined)) {
    throw new MalformedInput(path, 'expected either "result" or "oneOf"');
  }
  if (acceptable.some((candidate) => candidate.equals(actual))) return;
  const expected = acceptable.map((candidate) => candidate.toString());
  throw new ExpectationFailed('what is left', expected, [actual.toString()]);
}
