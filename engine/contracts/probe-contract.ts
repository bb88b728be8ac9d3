import type { ContainerHandle, Probe, ProbeResult, ProbeUse } from '../agent/index.ts';
import { assert, type Micros, micros } from '../core/index.ts';
import { type AgentAbility, type AgentGround, MILLISECOND, type Wellness } from './agent-ground.ts';
import { type ContractCase, same } from './contract-case.ts';

type Case = ContractCase<AgentGround, AgentAbility>;

const PATIENCE = micros(20_000 * MILLISECOND);
const SOON = micros(300 * MILLISECOND);
/** Timers of an operating system may go off so much before their time by another clock. */
const SLACK = 2 * MILLISECOND;

const RESULTS: readonly (readonly [Probe['type'], Wellness, ProbeResult])[] = [
  ['COMMAND', 'well', { kind: 'exited', exitCode: 0 }],
  ['COMMAND', 'ill', { kind: 'exited', exitCode: 1 }],
  ['HTTP', 'well', { kind: 'responded', statusCode: 200 }],
  ['HTTP', 'ill', { kind: 'responded', statusCode: 500 }],
  ['TCP', 'well', { kind: 'connected', succeeded: true }],
  ['TCP', 'ill', { kind: 'connected', succeeded: false }],
];

/** Orders a probe; says when the order was taken. */
async function look(
  ground: AgentGround,
  container: ContainerHandle,
  probe: Probe,
  timeout: Micros | null,
  use: ProbeUse = 'check',
): Promise<Micros> {
  ground.order({ kind: 'probe', container, use, probe, timeout });
  await ground.until(() => ground.script.isTaken, 'the probe is under way');
  return ground.script.lastTaken;
}

async function running(ground: AgentGround): Promise<ContainerHandle> {
  const container = ground.launch();
  await ground.started(container);
  return container;
}

async function answered(ground: AgentGround, container: ContainerHandle, count = 1): Promise<void> {
  await ground.until(
    () => ground.script.answersOf(container).length >= count,
    `container ${container} has ${count} answers`,
  );
}

/** What follows `probe` and `stopProbes` (`AgentOutput`, `AgentInput`; spec 07 §7). */
export const PROBE_CONTRACT: readonly Case[] = [
  ...RESULTS.map(
    ([type, wellness, result]): Case => ({
      name: `a ${type} probe of a task that is ${wellness} says so, once`,
      needs: [],
      run: async (ground) => {
        const container = await running(ground);
        await look(ground, container, await ground.world.probe(container, type, wellness), PATIENCE);
        await answered(ground, container);
        await ground.quiet();
        same(
          ground.script.answersOf(container).map((one) => one.result),
          [result],
          'its answers',
        );
      },
    }),
  ),
  {
    name: 'every probe has its answer, whichever use it is for',
    needs: [],
    run: async (ground) => {
      const container = await running(ground);
      const probe = await ground.world.probe(container, 'HTTP', 'well');
      for (let time = 1; time <= 3; time++) {
        await look(ground, container, probe, PATIENCE, 'check');
        await look(ground, container, probe, null, 'healthCheck');
        await answered(ground, container, 2 * time);
      }
      await ground.quiet();
      const uses = ground.script.answersOf(container).map(({ use }) => use);
      same(uses.filter((use) => use === 'check').length, 3, 'answers for the check');
      same(uses.length, 6, 'answers');
    },
  },
  ...(['COMMAND', 'HTTP'] as const).map(
    (type): Case => ({
      name: `a ${type} probe that is not answered times out, after its time and once`,
      needs: [],
      run: async (ground) => {
        const container = await running(ground);
        const probe = await ground.world.probe(container, type, 'mute');
        const since = await look(ground, container, probe, SOON);
        await answered(ground, container);
        await ground.quiet();
        const answers = ground.script.answersOf(container);
        same(
          answers.map((one) => one.result),
          [{ kind: 'timedOut' }],
          'its answers',
        );
        assert(answers[0]!.now - since >= SOON - SLACK, 'it is not given up before its time');
      },
    }),
  ),
  {
    name: 'a probe without a time-out waits as long as it takes',
    needs: [],
    run: async (ground) => {
      const container = await running(ground);
      await look(ground, container, await ground.world.probe(container, 'HTTP', 'mute'), null);
      await ground.quiet();
      same(ground.script.answersOf(container), [], 'its answers');
    },
  },
  {
    name: 'after stopProbes nothing comes of what was under way, for either use, and new probes are answered',
    needs: [],
    run: async (ground) => {
      const [container, other] = [await running(ground), await running(ground)];
      const mute = await ground.world.probe(container, 'HTTP', 'mute');
      await look(ground, container, mute, SOON, 'check');
      await look(ground, container, mute, SOON, 'healthCheck');
      await look(ground, other, await ground.world.probe(other, 'HTTP', 'mute'), SOON);
      ground.order({ kind: 'stopProbes', container });
      await answered(ground, other);
      await ground.quiet();
      same(ground.script.answersOf(container), [], 'answers to what was stopped');
      await look(ground, container, await ground.world.probe(container, 'HTTP', 'well'), PATIENCE);
      await answered(ground, container);
      await ground.quiet();
      same(ground.script.answersOf(container).length, 1, 'answers to the probe after it');
      same(ground.script.answersOf(other).length, 1, 'answers about the other container');
    },
  },
  {
    name: 'a probe of what does not run has failed',
    needs: [],
    run: async (ground) => {
      const container = await running(ground);
      const probe = await ground.world.probe(container, 'COMMAND', 'well');
      ground.signal(container, 'SIGKILL');
      await ground.ended(container);
      await ground.quiet();
      await look(ground, container, probe, PATIENCE);
      await answered(ground, container);
      await ground.quiet();
      same(
        ground.script.answersOf(container).map(({ result }) => result.kind),
        ['failed'],
        'its answers',
      );
    },
  },
  {
    name: 'a probe inside a container that ends meanwhile is answered once, and not as a success',
    needs: [],
    run: async (ground) => {
      const container = await running(ground);
      await look(ground, container, await ground.world.probe(container, 'COMMAND', 'mute'), PATIENCE);
      ground.signal(container, 'SIGKILL');
      await ground.ended(container);
      await answered(ground, container);
      await ground.quiet();
      const [answer, ...more] = ground.script.answersOf(container);
      same(more, [], 'further answers');
      assert(
        answer!.result.kind !== 'timedOut' &&
          (answer!.result.kind !== 'exited' || answer!.result.exitCode !== 0),
        'it found nobody',
      );
    },
  },
  {
    name: 'the next process hears nothing of probes of the one before',
    needs: [],
    run: async (ground) => {
      const container = await running(ground);
      const mute = await ground.world.probe(container, 'HTTP', 'mute');
      await look(ground, container, mute, SOON);
      await ground.restart();
      await ground.started(container);
      await ground.quiet();
      same(ground.script.answersOf(container), [], 'its answers');
    },
  },
];
