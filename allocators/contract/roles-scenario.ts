import { assertNever } from '../../engine/core/index.ts';
import {
  ancestors,
  isStrictSubrole,
  Quantities,
  ResourceLimits,
  validateRole,
} from '../../engine/resources/index.ts';
import { flag, list, mapOf, name, orElse, positiveNumber, shape, text } from './decode.ts';
import { expectSame, expectSameSet } from './failure.ts';
import { kindOf } from './kind.ts';
import { limits, quantities, resources } from './notation.ts';
import { RoleBook } from './role-book.ts';
import type { StepOf } from './scenario.ts';

const ROLES_STEPS = {
  validateRole: shape({ role: text, valid: flag }),
  ancestors: shape({ role: text, result: list(text) }),
  isStrictSubrole: shape({ role: text, of: text, result: flag }),
  setWeight: shape({ role: text, weight: positiveNumber }),
  setQuota: shape({
    role: text,
    guarantees: orElse(quantities, Quantities.EMPTY),
    limits: orElse(limits, ResourceLimits.UNLIMITED),
  }),
  trackReservations: shape({ resources }),
  untrackReservations: shape({ resources }),
  trackFramework: shape({ framework: name, role: text }),
  untrackFramework: shape({ framework: name, role: text }),
  expectRoles: shape({ roles: list(text) }),
  expectReserved: shape({ reserved: mapOf(quantities) }),
};

/** Role names and the set of known roles (conformance README §11). */
export const ROLES_KIND = kindOf(ROLES_STEPS, () => {
  const book = new RoleBook();
  return {
    perform(step) {
      perform(book, step);
    },
    finish() {},
  };
});

function perform(book: RoleBook, step: StepOf<typeof ROLES_STEPS>): void {
  switch (step.op) {
    case 'validateRole':
      return expectSame('is it a role?', step.fields.valid, validateRole(step.fields.role).ok);
    case 'ancestors':
      return expectSame('the ancestors', step.fields.result, ancestors(step.fields.role));
    case 'isStrictSubrole':
      return expectSame(
        'is it below?',
        step.fields.result,
        isStrictSubrole(step.fields.role, step.fields.of),
      );
    case 'setWeight':
      return book.setWeight(step.fields.role, step.fields.weight);
    case 'setQuota':
      return book.setQuota(step.fields.role, step.fields.guarantees, step.fields.limits);
    case 'trackReservations':
      return book.trackReservations(step.fields.resources);
    case 'untrackReservations':
      return book.untrackReservations(step.fields.resources);
    case 'trackFramework':
      return book.trackFramework(step.fields.framework, step.fields.role);
    case 'untrackFramework':
      return book.untrackFramework(step.fields.framework, step.fields.role);
    case 'expectRoles':
      return expectSameSet('the known roles', step.fields.roles, book.roles());
    case 'expectReserved': {
      const expected = [...step.fields.reserved].map(([role, reserved]) => `${role}: ${reserved.toString()}`);
      const actual = [...step.fields.reserved.keys()].map(
        (role) => `${role}: ${book.reserved(role).toString()}`,
      );
      return expectSame('what is reserved', expected, actual);
    }
    default:
      return assertNever(step);
  }
}
