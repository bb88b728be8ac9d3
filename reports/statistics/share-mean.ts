import type { RoleSample } from '../../engine/workload/index.ts';
import type { RoleShare } from '../summary.ts';
import { rounded } from './job-group.ts';

/** Time-weighted means of a role's shares: a sample's values hold until the next sample. */
export class ShareMean {
  #dominant = 0;
  #fair = 0;
  #deviation = 0;
  #dominantSum = 0;
  #fairSum = 0;
  #deviationSum = 0;
  #since: number;

  /** A role is followed from the instant that it is first sampled at, µs. */
  constructor(at: number) {
    this.#since = at;
  }

  sample(at: number, role: RoleSample): void {
    this.advance(at);
    this.#dominant = role.dominantShare;
    this.#fair = role.fairShare;
    this.#deviation = Math.abs(role.dominantShare - role.fairShare);
  }

  /** The cluster was sampled at `at`. A role that was not among the sampled ones has nothing from then on. */
  endSample(at: number): void {
    if (this.#since === at) return;
    this.advance(at);
    this.#dominant = 0;
    this.#fair = 0;
    this.#deviation = 0;
  }

  /** Lets the last sample's values hold until `at`. */
  advance(at: number): void {
    const span = at - this.#since;
    this.#dominantSum += this.#dominant * span;
    this.#fairSum += this.#fair * span;
    this.#deviationSum += this.#deviation * span;
    this.#since = at;
  }

  /** @param span  the time that the means are over, µs: of the whole run, so that a role that came late has a smaller mean */
  summary(span: number): RoleShare {
    if (span <= 0) return { dominantMean: 0, fairMean: 0, deviationMean: 0 };
    return {
      dominantMean: rounded(this.#dominantSum / span),
      fairMean: rounded(this.#fairSum / span),
      deviationMean: rounded(this.#deviationSum / span),
    };
  }
}
