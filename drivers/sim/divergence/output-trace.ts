import { type AgentOutput, hashAgentOutput } from '../../../engine/agent/index.ts';
import { assertNever, type Micros, RollingHash } from '../../../engine/core/index.ts';
import { hashMasterOutput, type MasterOutput } from '../../../engine/master/index.ts';
import { hashWorkloadOutput, type WorkloadOutput } from '../../../frameworks/workload/index.ts';
import type { Actor, OutputTap } from '../world/index.ts';
import { renderOutput } from './render.ts';

/** Outputs per digest: a day of a large cluster has 10^7 outputs, and 10^4 digests of it are a small thing. */
export const TRACE_CHUNK = 1_024;

type Output = MasterOutput | AgentOutput | WorkloadOutput;

/** The digest of a run's outputs so far, once per chunk: enough to tell in which chunk two runs part. */
export class OutputTrace implements OutputTap {
  /** Digest after each full chunk. */
  readonly digests: string[] = [];
  #count = 0;
  readonly #hash = new RollingHash();

  /** Outputs seen. */
  get count(): number {
    return this.#count;
  }

  /** Digest over all outputs seen. */
  get digest(): string {
    return this.#hash.digest();
  }

  output(now: Micros, actor: Actor, output: Output): void {
    hashOutput(this.#hash, now, actor, output);
    this.#count++;
    if (this.#count % TRACE_CHUNK === 0) this.digests.push(this.#hash.digest());
  }
}

/** One output, told. */
export interface TracedOutput {
  readonly at: Micros;
  /** `master`, `agent 3`, `framework 0`. */
  readonly actor: string;
  readonly kind: string;
  /** All of it, as text. */
  readonly text: string;
  /** Of this output alone. */
  readonly digest: string;
}

/** Keeps the outputs from index `first` on, `TRACE_CHUNK` of them. */
export class OutputWindow implements OutputTap {
  readonly outputs: TracedOutput[] = [];
  readonly #first: number;
  #count = 0;

  constructor(first: number) {
    this.#first = first;
  }

  output(now: Micros, actor: Actor, output: Output): void {
    const index = this.#count++ - this.#first;
    if (index < 0 || index >= TRACE_CHUNK) return;
    const hash = new RollingHash();
    hashOutput(hash, now, actor, output);
    this.outputs.push({
      at: now,
      actor: nameOf(actor),
      kind: output.kind,
      text: renderOutput(output),
      digest: hash.digest(),
    });
  }
}

function hashOutput(hash: RollingHash, now: Micros, actor: Actor, output: Output): void {
  hash.add(now);
  switch (actor.kind) {
    case 'master':
      hash.add(-1);
      hashMasterOutput(hash, output as MasterOutput);
      break;
    case 'agent':
      hash.add(actor.machine * 2);
      hashAgentOutput(hash, output as AgentOutput);
      break;
    case 'framework':
      hash.add(actor.framework * 2 + 1);
      hashWorkloadOutput(hash, output as WorkloadOutput);
      break;
  }
}

function nameOf(actor: Actor): string {
  switch (actor.kind) {
    case 'master':
      return 'master';
    case 'agent':
      return `agent ${actor.machine}`;
    case 'framework':
      return `framework ${actor.framework}`;
    default:
      return assertNever(actor);
  }
}
