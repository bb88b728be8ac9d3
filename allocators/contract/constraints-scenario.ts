import { assertNever } from '../../engine/core/index.ts';
import type { OfferConstraints } from '../../engine/protocol/index.ts';
import { parseOfferConstraints } from './constraints-json.ts';
import { type Decoder, flag, MalformedInput, name, orElse, shape } from './decode.ts';
import { ExpectationFailed, expectSame, Unsupported } from './failure.ts';
import { kindOf } from './kind.ts';
import { attributes, domain } from './notation.ts';

const anything: Decoder<unknown> = (value) => value;

const CONSTRAINTS_STEPS = {
  compile: shape({ constraints: anything, valid: orElse(flag, true) }),
  expectExcluded: shape({
    role: name,
    attributes: orElse(attributes, []),
    hostname: orElse(name, 'localhost'),
    domain: orElse(domain, null),
    result: flag,
  }),
};

/** The evaluator of attribute constraints (conformance README §10). */
export const CONSTRAINTS_KIND = kindOf(CONSTRAINTS_STEPS, ({ subject }) => {
  const isExcluded = subject.constraints;
  if (isExcluded === null) throw new Unsupported('this implementation does not evaluate offer constraints');
  let compiled: OfferConstraints | null = null;
  return {
    perform(step) {
      switch (step.op) {
        case 'compile': {
          const parsed = parseOfferConstraints(step.fields.constraints);
          if (parsed.ok !== step.fields.valid) {
            const actual = parsed.ok ? 'accepted' : `refused: ${parsed.error}`;
            throw new ExpectationFailed(
              'the constraints',
              step.fields.valid ? 'accepted' : 'refused',
              actual,
            );
          }
          compiled = parsed.ok ? parsed.value : null;
          return;
        }
        case 'expectExcluded':
          if (compiled === null) throw new MalformedInput(step.path, 'no constraints were compiled before');
          return expectSame(
            'excluded?',
            step.fields.result,
            isExcluded(compiled, step.fields.role, step.fields),
          );
        default:
          return assertNever(step);
      }
    },
    finish() {},
  };
});
