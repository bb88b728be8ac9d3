import type { RawStep, StepOf, Vocabulary } from './scenario.ts';
import { readStep } from './scenario.ts';
import type { ConformanceSubject } from './subject.ts';

/** What a scenario's `options` object and the run around it give to a kind. */
export interface Setting {
  readonly options: unknown;
  readonly subject: ConformanceSubject;
  /** Chooses the order in which agents are visited. */
  readonly seed: number;
}

/** A scenario being performed. Both may throw `ExpectationFailed`, `Unsupported`, or whatever the subject throws. */
export interface Performance<Step> {
  perform(step: Step): void;
  /** Checks what must hold when the steps are done. */
  finish(): void;
}

/** A kind of scenario: its steps, and how they are performed. `begin` may throw `Unsupported`. */
export interface Kind {
  /** Reads and checks all fields of a step. Throws `MalformedInput` or `UnknownOp`. */
  check(step: RawStep): void;
  begin(setting: Setting): Performance<RawStep>;
  /** Whether the seed makes a difference. */
  readonly isSeeded: boolean;
}

/** A kind from its vocabulary and its typed performance. */
export function kindOf<V extends Vocabulary>(
  vocabulary: V,
  begin: (setting: Setting) => Performance<StepOf<V>>,
  isSeeded = false,
): Kind {
  return {
    check(step) {
      readStep(vocabulary, step);
    },
    begin(setting) {
      const performance = begin(setting);
      return {
        perform(step) {
          performance.perform(readStep(vocabulary, step));
        },
        finish() {
          performance.finish();
        },
      };
    },
    isSeeded,
  };
}
