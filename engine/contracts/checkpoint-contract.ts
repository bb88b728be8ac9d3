import {
  type AgentCheckpoint,
  CheckpointFold,
  type CheckpointRecord,
  type ContainerHandle,
  recordsOf,
} from '../agent/index.ts';
import { assert, type ExecutorId, type FrameworkId, micros, Rng, type UpdateId } from '../core/index.ts';
import { type ContractCase, same } from './contract-case.ts';

type Steps = readonly (readonly CheckpointRecord[])[];

/** An agent's process, one after the other, and the disk that they have in common. */
export interface CheckpointWorld {
  /**
   * A process takes these steps, one after the other, each with these records and another output, and is killed at an instant that `pick` draws.
   *
   * @returns of how many steps the other output was carried out before
   */
  run(steps: Steps, pick: number): Promise<number>;
  /** What the next process finds; null: nothing. */
  find(): Promise<AgentCheckpoint | null>;
}

const ROUNDS = 10;

function agent(nextContainer: number): CheckpointRecord {
  return {
    kind: 'agent',
    agent: {
      agentId: null,
      info: null,
      resources: null,
      drain: null,
      newestOperation: null,
      nextUpdate: 1 as UpdateId,
      nextContainer: nextContainer as ContainerHandle,
    },
  };
}

function record(rng: Rng): CheckpointRecord {
  const container = (1 + rng.below(30)) as ContainerHandle;
  switch (rng.below(3)) {
    case 0:
      return agent(container);
    case 1:
      return { kind: 'sandboxForgotten', container };
    default: {
      const sandbox = {
        container,
        frameworkId: 1 as FrameworkId,
        executorId: 1 as ExecutorId,
        since: micros(rng.below(1_000_000)),
      };
      return { kind: 'sandbox', sandbox };
    }
  }
}

function text(checkpoint: AgentCheckpoint | null): string {
  return JSON.stringify(recordsOf(checkpoint ?? new CheckpointFold().checkpoint()));
}

/** How many of the steps make `found` of `before`; null if no number does. The largest, if several do. */
function stepsFound(
  before: AgentCheckpoint | null,
  steps: Steps,
  found: AgentCheckpoint | null,
): number | null {
  const fold = new CheckpointFold();
  for (const one of before === null ? [] : recordsOf(before)) fold.apply(one);
  let last: number | null = text(before) === text(found) ? 0 : null;
  steps.forEach((records, index) => {
    for (const one of records) fold.apply(one);
    if (text(fold.checkpoint()) === text(found)) last = index + 1;
  });
  return last;
}

/** What follows `checkpoint` outputs (`AgentOutput`; spec 12 §2). */
export const CHECKPOINT_CONTRACT: readonly ContractCase<CheckpointWorld>[] = [
  {
    name: 'a new disk is empty',
    needs: [],
    run: async (world) => {
      await world.run([], 0);
      same(text(await world.find()), text(null), 'what is found');
    },
  },
  {
    name: 'a process that is killed at any instant leaves whole steps, in order, and all those whose outputs were carried out',
    needs: [],
    run: async (world) => {
      const rng = Rng.forPurpose(1, 'checkpoint contract');
      let before = await world.find();
      for (let round = 0; round < ROUNDS; round++) {
        const steps = Array.from({ length: 60 }, (_step, index) => [
          // No two steps leave the same.
          agent(1_000 * (round + 1) + index),
          ...Array.from({ length: rng.below(4) }, () => record(rng)),
        ]);
        const carriedOut = await world.run(steps, rng.below(2 ** 31));
        const found = await world.find();
        const whole = stepsFound(before, steps, found);
        assert(whole !== null, 'what is left is a beginning of the steps, each whole');
        assert(
          whole >= carriedOut,
          `what was carried out was durable before: ${whole} steps are left of ${carriedOut}`,
        );
        before = found;
      }
    },
  },
];
