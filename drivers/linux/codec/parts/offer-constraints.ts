import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  AttributeConstraint,
  ConstraintGroup,
  OfferConstraints,
} from '../../../../engine/protocol/index.ts';
import {
  type AttributeConstraint_PredicateSchema,
  AttributeConstraint_Selector_PseudoattributeType,
  type AttributeConstraintSchema,
  type AttributeConstraintValid,
  type OfferConstraintsSchema,
  type OfferConstraintsValid,
} from '../../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import { WireError } from '../message/wire-error.ts';
import { namesOf } from './presence.ts';

const pseudoattributeName = namesOf(AttributeConstraint_Selector_PseudoattributeType);

export function constraintsFromWire(
  constraints: OfferConstraintsValid | undefined,
  path: string,
): OfferConstraints | null {
  if (constraints === undefined) return null;
  const roleConstraints = new Map<string, { readonly groups: readonly ConstraintGroup[] }>();
  for (const [role, { groups }] of Object.entries(constraints.roleConstraints)) {
    const at = `${path}.role_constraints[${JSON.stringify(role)}]`;
    roleConstraints.set(role, {
      groups: groups.map((group, index) => ({
        attributeConstraints: group.attributeConstraints.map((constraint) =>
          constraintFromWire(constraint, `${at}.groups[${index}]`),
        ),
      })),
    });
  }
  return { roleConstraints };
}

function constraintFromWire(constraint: AttributeConstraintValid, path: string): AttributeConstraint {
  return { selector: selectorOf(constraint, path), predicate: predicateOf(constraint, path) };
}

function selectorOf(constraint: AttributeConstraintValid, path: string): AttributeConstraint['selector'] {
  const { selector } = constraint.selector;
  if (selector.case === 'attributeName') return { kind: 'attribute', name: selector.value };
  const type = selector.case === undefined ? 'UNKNOWN' : pseudoattributeName(selector.value);
  if (type === 'UNKNOWN') {
    throw new WireError(
      path,
      "a selector needs 'attribute_name', or 'pseudoattribute_type' of HOSTNAME, REGION or ZONE",
    );
  }
  return { kind: 'pseudoattribute', type };
}

function predicateOf(constraint: AttributeConstraintValid, path: string): AttributeConstraint['predicate'] {
  const { predicate } = constraint.predicate;
  switch (predicate.case) {
    case 'exists':
      return { kind: 'exists' };
    case 'notExists':
      return { kind: 'not_exists' };
    case 'textEquals':
      return { kind: 'text_equals', value: predicate.value.value };
    case 'textNotEquals':
      return { kind: 'text_not_equals', value: predicate.value.value };
    case 'textMatches':
      return { kind: 'text_matches', regex: predicate.value.regex };
    case 'textNotMatches':
      return { kind: 'text_not_matches', regex: predicate.value.regex };
    default:
      throw new WireError(path, 'a predicate of an unknown kind, or none');
  }
}

export function constraintsToWire(
  constraints: OfferConstraints,
): MessageInitShape<typeof OfferConstraintsSchema> {
  // Of any name, `__proto__` too.
  const roleConstraints = Object.fromEntries(
    Array.from(constraints.roleConstraints, ([role, { groups }]) => [
      role,
      {
        groups: groups.map((group) => ({
          attributeConstraints: group.attributeConstraints.map(constraintToWire),
        })),
      },
    ]),
  );
  return { roleConstraints };
}

function constraintToWire(
  constraint: AttributeConstraint,
): MessageInitShape<typeof AttributeConstraintSchema> {
  const { selector } = constraint;
  return {
    selector: {
      selector:
        selector.kind === 'attribute'
          ? { case: 'attributeName', value: selector.name }
          : {
              case: 'pseudoattributeType',
              value: AttributeConstraint_Selector_PseudoattributeType[selector.type],
            },
    },
    predicate: { predicate: predicateToWire(constraint.predicate) },
  };
}

type PredicateInit = NonNullable<MessageInitShape<typeof AttributeConstraint_PredicateSchema>['predicate']>;

function predicateToWire(predicate: AttributeConstraint['predicate']): PredicateInit {
  switch (predicate.kind) {
    case 'exists':
      return { case: 'exists', value: {} };
    case 'not_exists':
      return { case: 'notExists', value: {} };
    case 'text_equals':
      return { case: 'textEquals', value: { value: predicate.value } };
    case 'text_not_equals':
      return { case: 'textNotEquals', value: { value: predicate.value } };
    case 'text_matches':
      return { case: 'textMatches', value: { regex: predicate.regex } };
    case 'text_not_matches':
      return { case: 'textNotMatches', value: { regex: predicate.regex } };
  }
}
