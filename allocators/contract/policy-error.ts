import { type Micros, microsToSeconds } from '../../engine/core/index.ts';

/** Where a policy broke a rule. */
export interface PolicyFault {
  /** The policy as the user named it. */
  readonly policy: string;
  /** Which of the calls that start a cycle it was, from 1 since this master began, or the last one before the fault. */
  readonly cycle: number;
  /** Whether the fault came in the cycle, or after it in a call that starts none. */
  readonly during: boolean;
  /** The call of the interface that was under way or had just returned. */
  readonly call: string;
  readonly instant: Micros;
  /** What the policy did, as a sentence without its subject. */
  readonly rule: string;
}

/** An allocation policy broke a rule that every policy has to keep: the run cannot go on. `cause` is what the policy threw, if it did. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly fault: PolicyFault;

  constructor(fault: PolicyFault, cause: unknown = null) {
    super(faultText(fault), { cause });
    this.fault = fault;
  }
}

function faultText({ policy, cycle, during, call, instant, rule }: PolicyFault): string {
  const where = cycle === 0 ? 'before the first cycle' : `${during ? 'in' : 'after'} cycle ${cycle}`;
  const when = `${where}, at ${microsToSeconds(instant)} s (${call})`;
  return `policy ${policy}, ${when}: ${rule}`;
}
