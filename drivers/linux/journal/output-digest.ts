import { type Micros, RollingHash } from '../../../engine/core/index.ts';
import { hashMasterOutput, type MasterOutput } from '../../../engine/master/index.ts';

/** The rolling hash of what one master's machine has put out, step by step: equal for a run and its replay. */
export class OutputDigest {
  #hash = new RollingHash();
  /** Steps mixed in. */
  steps = 0;

  /** The digest that stood there after so many steps, to go on with it. */
  static from(steps: number, text: string): OutputDigest {
    const digest = new OutputDigest();
    digest.steps = steps;
    digest.#hash = RollingHash.from(text);
    return digest;
  }

  /** What one step put out, in its order; the array may be used again. */
  add(now: Micros, outputs: readonly MasterOutput[]): void {
    this.steps++;
    if (outputs.length === 0) return;
    this.#hash.add(now);
    for (let index = 0; index < outputs.length; index++) hashMasterOutput(this.#hash, outputs[index]!);
  }

  /** 16 hexadecimal digits: all of its state. */
  get text(): string {
    return this.#hash.digest();
  }
}
