import { type Micros, micros } from '../../engine/core/index.ts';
import type { Simulation } from '../../drivers/sim/index.ts';
import type { OpenedTrace } from '../../traces/index.ts';

/** Events between two looks at the clock and the keyboard. */
const EVENTS_PER_SLICE = 100_000;

/**
 * Feeds the jobs as time goes and runs to `until`, or to the end; true if the user ended it.
 *
 * @param look called now and then; true ends the run
 */
export async function replay(
  simulation: Simulation,
  trace: OpenedTrace,
  until: Micros | null,
  look: (now: Micros, events: number) => boolean,
): Promise<boolean> {
  const advance = async (to: Micros): Promise<'running' | 'finished' | 'interrupted'> => {
    for (;;) {
      const before = simulation.events();
      const state = simulation.runUntil(to, EVENTS_PER_SLICE);
      // Lets signals and output through.
      await new Promise((resume) => setImmediate(resume));
      if (look(simulation.now(), simulation.events())) return 'interrupted';
      if (state === 'finished' || simulation.events() - before < EVENTS_PER_SLICE) return state;
    }
  };
  for await (const batch of trace.workload.batches()) {
    const due = until === null ? batch : batch.filter((job) => job.arrival < until);
    simulation.feed(due);
    const horizon = due[due.length - 1]?.arrival ?? null;
    if (horizon !== null && (await advance(horizon)) === 'interrupted') return true;
    if (due.length < batch.length) break;
  }
  simulation.endOfWorkload();
  return (await advance(until ?? micros(Number.MAX_SAFE_INTEGER))) === 'interrupted';
}
