import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentInput, AgentMachine, AgentOutput, ContainerHandle } from '../../../engine/agent/index.ts';
import { type Micros, micros, type Sink } from '../../../engine/core/index.ts';
import { AgentLoop } from './agent-loop.ts';

/** One step of a machine that does what the test says. */
interface Step {
  readonly records: number;
  readonly outputs: number;
}

const CHECKPOINT: AgentOutput = {
  kind: 'checkpoint',
  record: { kind: 'sandboxForgotten', container: 1 as ContainerHandle },
};

function scripted(steps: readonly Step[], deadline: Micros | null = null): AgentMachine {
  let next = 0;
  return {
    nextDeadline: () => deadline,
    step(_now: Micros, _input: AgentInput, outputs: Sink<AgentOutput>) {
      const { records, outputs: count } = steps[next]!;
      for (let index = 0; index < count; index++)
        outputs.push({ kind: 'stopProbes', container: (next * 10 + index) as ContainerHandle });
      for (let index = 0; index < records; index++) outputs.push(CHECKPOINT);
      next++;
    },
  } as unknown as AgentMachine;
}

class ScriptedLog {
  sequence = 0;
  append(): number {
    return ++this.sequence;
  }
}

const TICK: AgentInput = { kind: 'tick' };
const step = fc.record({ records: fc.nat(2), outputs: fc.nat(3) });

test('outputs are carried out in the order of the steps, and never before the records of their step and of those before are durable', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat(3)), { maxLength: 30 }), (script) => {
      const log = new ScriptedLog();
      let durable = 0;
      const needed: number[] = [];
      const carriedOut: number[] = [];
      const done: number[] = [];
      const steps = script.map(([one]) => one);
      const loop = new AgentLoop(scripted(steps), { now: () => micros(0) }, log, null, (reason) => {
        throw new Error(reason);
      });
      loop.carryOutBy(
        (output) => {
          const at = (output as { container: number }).container;
          expect(durable).toBeGreaterThanOrEqual(needed[Math.floor(at / 10)]!);
          carriedOut.push(at);
        },
        () => {},
      );
      script.forEach(([{ records }, writes], index) => {
        needed[index] = log.sequence + (records > 0 ? 1 : 0);
        loop.deliver(TICK, () => done.push(index));
        // The disk catches up by some.
        for (let write = 0; write < writes && durable < log.sequence; write++) loop.durable(++durable);
      });
      while (durable < log.sequence) loop.durable(++durable);
      const all = steps.flatMap(({ outputs }, index) =>
        Array.from({ length: outputs }, (_, place) => index * 10 + place),
      );
      expect(carriedOut).toEqual(all);
      expect(done).toEqual(steps.map((_, index) => index));
    }),
  );
});

test('an input that an output brings about waits for the end of the step', () => {
  const log = new ScriptedLog();
  const loop = new AgentLoop(
    scripted([
      { records: 0, outputs: 2 },
      { records: 0, outputs: 1 },
    ]),
    { now: () => micros(0) },
    log,
    null,
    (reason) => {
      throw new Error(reason);
    },
  );
  const order: number[] = [];
  loop.carryOutBy(
    (output) => {
      const at = (output as { container: number }).container;
      if (at === 0) loop.deliver(TICK);
      order.push(at);
    },
    () => {},
  );
  loop.deliver(TICK);
  expect(order).toEqual([0, 1, 10]);
});

test('an error of our own ends the loop, and nothing more is carried out', () => {
  let ended = '';
  const log = new ScriptedLog();
  const loop = new AgentLoop(
    scripted([
      { records: 0, outputs: 2 },
      { records: 0, outputs: 1 },
    ]),
    { now: () => micros(0) },
    log,
    null,
    (reason) => {
      ended = reason;
    },
  );
  let count = 0;
  loop.carryOutBy(
    () => {
      count++;
      throw new Error('broken');
    },
    () => {},
  );
  loop.deliver(TICK);
  loop.deliver(TICK);
  expect([count, loop.isOver]).toEqual([1, true]);
  expect(ended).toContain('broken');
});
