import type { HuntCase, HuntResult, MutationEdit, PropertyId, Shrunk } from '../../drivers/sim/hunt/index.ts';

/** First message to a worker. */
export interface WorkerStart {
  readonly edits: readonly MutationEdit[];
}

/** What a worker is asked. */
export type WorkerAsk =
  | { readonly kind: 'run'; readonly which: HuntCase; readonly isTwice: boolean }
  | {
      readonly kind: 'shrink';
      readonly which: HuntCase;
      readonly property: PropertyId;
      readonly runsMax: number;
    }
  | { readonly kind: 'timeline'; readonly which: HuntCase; readonly linesMax: number };

/** Its answer; `cpuMicros` is what it took of the processor. */
export type WorkerAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ran'; readonly result: HuntResult; readonly cpuMicros: number }
  | { readonly kind: 'shrunk'; readonly shrunk: Shrunk; readonly cpuMicros: number }
  | {
      readonly kind: 'timeline';
      readonly result: HuntResult;
      readonly lines: readonly string[];
      readonly dropped: number;
      readonly faults: readonly string[];
      readonly cpuMicros: number;
    };
