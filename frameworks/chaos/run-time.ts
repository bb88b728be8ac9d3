import { Rng, type TaskId } from '../../engine/core/index.ts';
import type { ChaosTemper } from './chaos-options.ts';

/** A run time that no run reaches. */
const FOR_EVER = 1e15;

/** How long a task runs once its container has started, µs: a function of the seed and the id. One in eight runs until it is killed. */
export function runMicrosOf(seed: number, temper: ChaosTemper, taskId: TaskId): number {
  const draw = Rng.forPurpose(seed ^ taskId, 'run');
  if (draw.below(8) === 0) return FOR_EVER;
  return temper.runMin + draw.below(Math.min(temper.runMax - temper.runMin + 1, 2 ** 32));
}
