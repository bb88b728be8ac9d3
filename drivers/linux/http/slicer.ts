import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work in one go: calls and events wait no longer for a long answer. */
const SLICE_MS = 10;

/** Cuts long work into slices: ask `isDue` often, and `pause` when it is. */
export class Slicer {
  #until = performance.now() + SLICE_MS;

  get isDue(): boolean {
    return performance.now() >= this.#until;
  }

  /** Lets the event loop turn. */
  async pause(): Promise<void> {
    await nextTurn();
    this.#until = performance.now() + SLICE_MS;
  }
}
