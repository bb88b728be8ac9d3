import { microsToSeconds } from '../../../engine/core/index.ts';
import type { OutputTap } from '../world/index.ts';
import { OutputTrace, OutputWindow, TRACE_CHUNK, type TracedOutput } from './output-trace.ts';

/** Makes a run from its start and carries it through, with `tap` seeing its outputs. Called twice. */
export type TappedRun = (tap: OutputTap) => void;

/** The first output in which two runs differ. */
export interface Divergence {
  /** Counted from 0 over all outputs of a run. */
  readonly index: number;
  /** Null if that run had ended by then. */
  readonly a: TracedOutput | null;
  readonly b: TracedOutput | null;
}

/**
 * Where two runs part, or null if their outputs are the same. Each is run twice: once for a digest per chunk, once more for the outputs of
 * the first chunk that differs. So memory stays small however long the runs are.
 */
export function firstDivergence(runA: TappedRun, runB: TappedRun): Divergence | null {
  const traceA = new OutputTrace();
  const traceB = new OutputTrace();
  runA(traceA);
  runB(traceB);
  if (traceA.count === traceB.count && traceA.digest === traceB.digest) return null;

  let chunk = 0;
  const common = Math.min(traceA.digests.length, traceB.digests.length);
  while (chunk < common && traceA.digests[chunk] === traceB.digests[chunk]) chunk++;

  const first = chunk * TRACE_CHUNK;
  const windowA = new OutputWindow(first);
  const windowB = new OutputWindow(first);
  runA(windowA);
  runB(windowB);
  for (let offset = 0; offset < TRACE_CHUNK; offset++) {
    const a = windowA.outputs[offset] ?? null;
    const b = windowB.outputs[offset] ?? null;
    if (a?.digest !== b?.digest) return { index: first + offset, a, b };
  }
  return null;
}

/** Three lines: which output, and what each run made of it. */
export function describeDivergence(divergence: Divergence): string {
  const { index, a, b } = divergence;
  return [`output ${index} is the first that differs`, `A ${describe(a)}`, `B ${describe(b)}`].join('\n');
}

function describe(output: TracedOutput | null): string {
  if (output === null) return 'has ended';
  return `at ${microsToSeconds(output.at)} s, ${output.actor}, ${output.kind}: ${output.text}`;
}
