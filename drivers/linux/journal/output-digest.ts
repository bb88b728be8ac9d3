import { type Micros, RollingHash } from '../../../engine/core/index.ts';
import { hashMasterOutput, type MasterOutput } from '../../../engine/master/index.ts';

/** The rolling hash of what one master's machine has put out, step by step: equal for a run and its replay. */
export class OutputDigest {
  readonly #hash = new RollingHash();
  /** Steps mixed in. */
  steps = 0;

  /** What one step put out, in its order; the array may be used again. */
  add(now: Micros, outputs: readonly MasterOutput[]): void {
    this.steps++;
    if (outputs.length === 0) return;
    this.#hash.add(now);
    for (let index = 0; index < outputs.length; index++) hashMasterOutput(this.#hash, outputs[index]!);
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    return this.#hash.digest();
  }
}
