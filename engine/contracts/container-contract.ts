import type { ContainerHandle } from '../agent/index.ts';
import { assert, micros, milli } from '../core/index.ts';
import { Resources } from '../resources/index.ts';
import { type AgentAbility, type AgentGround, MILLISECOND, type Work } from './agent-ground.ts';
import { type ContractCase, same } from './contract-case.ts';

const SHORT: Partial<Work> = { runs: micros(100 * MILLISECOND) };
const LATER: Partial<Work> = { runs: micros(600 * MILLISECOND) };
const ENDLESS: Partial<Work> = {};
const MORE = Resources.ofScalars({ cpus: milli(400), mem: milli(96_000) });

type Case = ContractCase<AgentGround, AgentAbility>;

/** A case after which all that was ever told is looked at once more. */
function demand(
  name: string,
  needs: readonly AgentAbility[],
  run: (ground: AgentGround) => Promise<void>,
): Case {
  return {
    name,
    needs,
    run: async (ground) => {
      await run(ground);
      await ground.quiet();
      ground.script.check();
    },
  };
}

function story(ground: AgentGround, container: ContainerHandle, ...words: readonly string[]): void {
  same(ground.script.story(container), words, `what was told of container ${container}`);
}

/** It ended because it was told to, whatever its program made of the signal; not by itself. */
function wasEnded(ground: AgentGround, container: ContainerHandle): void {
  const exit = ground.script.exitOf(container)!;
  assert(exit.cause === null, `container ${container} ended by a signal, not by ${exit.cause}`);
  assert(exit.code !== 0, `container ${container} did not succeed`);
}

/** What follows `launchContainer`, `signalContainer` and `updateContainer`, and a restart of the agent (`AgentOutput`, `AgentInput`; spec 12). */
export const CONTAINER_CONTRACT: readonly Case[] = [
  demand(
    'a container that ends by itself is told to have started, then to have ended',
    [],
    async (ground) => {
      const container = ground.launch(SHORT);
      await ground.ended(container);
      await ground.quiet();
      story(ground, container, 'started', 'exited code 0');
    },
  ),
  demand('a program that fails is told with its code', [], async (ground) => {
    const container = ground.launch(ENDLESS);
    await ground.started(container);
    await ground.world.crash(container);
    await ground.ended(container);
    await ground.quiet();
    story(ground, container, 'started', 'exited code 1');
  }),
  demand('what cannot be started is told by its one exit', [], async (ground) => {
    const container = ground.launch({ ...SHORT, cannotStart: true });
    await ground.ended(container);
    await ground.quiet();
    story(ground, container, 'exited LAUNCH_FAILED');
  }),
  demand('SIGTERM ends a container that heeds it, and nothing else', [], async (ground) => {
    const [first, second] = [ground.launch(ENDLESS), ground.launch(ENDLESS)];
    await ground.started(first, second);
    // Its program has come to heed signals by then.
    await ground.quiet();
    ground.signal(first, 'SIGTERM');
    await ground.ended(first);
    wasEnded(ground, first);
    await ground.quiet();
    story(ground, second, 'started');
  }),
  demand('SIGKILL ends a container by signal 9', [], async (ground) => {
    const container = ground.launch(ENDLESS);
    await ground.started(container);
    ground.signal(container, 'SIGKILL');
    await ground.ended(container);
    await ground.quiet();
    story(ground, container, 'started', 'exited signal 9');
  }),
  demand('a container that hangs does not heed SIGTERM, and SIGKILL ends it', ['hang'], async (ground) => {
    const container = ground.launch(SHORT);
    await ground.started(container);
    await ground.world.hang(container, micros(20_000 * MILLISECOND));
    ground.signal(container, 'SIGTERM');
    await ground.quiet();
    story(ground, container, 'started');
    ground.signal(container, 'SIGKILL');
    await ground.ended(container);
    await ground.quiet();
    story(ground, container, 'started', 'exited signal 9');
  }),
  demand('a container that hung goes on and ends by itself', ['hang'], async (ground) => {
    const container = ground.launch(LATER);
    await ground.started(container);
    await ground.world.hang(container, micros(1_000 * MILLISECOND));
    await ground.ended(container);
    story(ground, container, 'started', 'exited code 0');
  }),
  ...([['SIGTERM'], ['SIGKILL'], ['SIGTERM', 'SIGKILL']] as const).map((signals) =>
    demand(
      `${signals.join(', then ')} while it is being launched ends a container, once`,
      [...(signals.length === 1 && signals[0] === 'SIGTERM' ? ['heedAtOnce' as const] : [])],
      async (ground) => {
        const { container, outputs } = ground.launching(ENDLESS);
        const orders = signals.map((signal) => ({ kind: 'signalContainer' as const, container, signal }));
        ground.order(...outputs, ...orders);
        await ground.ended(container);
        const exit = ground.script.exitOf(container)!;
        assert(exit.code !== 0, 'it did not succeed');
        assert(
          exit.cause === null || exit.cause === 'LAUNCH_FAILED',
          `it ended by the signal or did not start, not by ${exit.cause}`,
        );
      },
    ),
  ),
  demand('many signals bring one end', [], async (ground) => {
    const container = ground.launch(ENDLESS);
    await ground.started(container);
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL'] as const)
      ground.signal(container, signal);
    await ground.ended(container);
    await ground.quiet();
    same(ground.script.story(container).length, 2, 'inputs about it');
    wasEnded(ground, container);
  }),
  demand('signals to what has ended, or never was, bring nothing', [], async (ground) => {
    const container = ground.launch(SHORT);
    await ground.ended(container);
    ground.signal(container, 'SIGTERM');
    ground.signal(container, 'SIGKILL');
    ground.signal(99_999 as ContainerHandle, 'SIGKILL');
    await ground.quiet();
    story(ground, container, 'started', 'exited code 0');
    story(ground, 99_999 as ContainerHandle);
  }),
  demand(
    'every update is answered once, in order, and says if its container does not run',
    [],
    async (ground) => {
      const container = ground.launch(ENDLESS);
      await ground.started(container);
      for (let time = 0; time < 3; time++)
        ground.order({ kind: 'updateContainer', container, resources: MORE });
      await ground.quiet();
      story(ground, container, 'started', 'updated', 'updated', 'updated');
      ground.signal(container, 'SIGKILL');
      await ground.ended(container);
      ground.order({ kind: 'updateContainer', container, resources: MORE });
      await ground.quiet();
      same(ground.script.story(container).slice(-2), ['exited signal 9', 'not updated'], 'what came last');
    },
  ),
  demand('many containers each end in their own way', [], async (ground) => {
    const containers = Array.from({ length: 12 }, (_one, index) =>
      ground.launch(index % 3 === 0 ? ENDLESS : SHORT),
    );
    await ground.started(...containers);
    containers.forEach((container, index) => {
      if (index % 3 === 0) ground.signal(container, 'SIGKILL');
    });
    await ground.ended(...containers);
    containers.forEach((container, index) => {
      story(ground, container, 'started', index % 3 === 0 ? 'exited signal 9' : 'exited code 0');
    });
  }),

  // Limits.

  demand('a container that uses too much memory is ended for that', ['memoryLimit'], async (ground) => {
    const container = ground.launch(ENDLESS);
    await ground.started(container);
    await ground.world.exceed(container, 'MEMORY_LIMIT');
    await ground.ended(container);
    await ground.quiet();
    story(ground, container, 'started', 'exited MEMORY_LIMIT');
  }),
  demand('a container that uses too much disk is ended for that', ['diskLimit'], async (ground) => {
    const container = ground.launch(ENDLESS);
    await ground.started(container);
    await ground.world.exceed(container, 'DISK_LIMIT');
    await ground.ended(container);
    await ground.quiet();
    story(ground, container, 'started', 'exited DISK_LIMIT');
  }),

  // What else is asked of the machine.

  demand(
    'the sandbox of what has ended is removed, and so it is if it is gone already: one answer each',
    [],
    async (ground) => {
      const container = ground.launch(SHORT);
      await ground.ended(container);
      for (let time = 0; time < 2; time++) {
        ground.removeSandbox(container);
        await ground.quiet();
      }
      const answers = ground.script.heard.flatMap(({ input }) =>
        input.kind === 'sandboxRemoved' ? [input] : [],
      );
      same(
        answers.map((one) => [one.container, one.failure]),
        [
          [container, null],
          [container, null],
        ],
        'the answers',
      );
    },
  ),
  demand(
    'usage is measured of all that runs and of nothing else: one answer for each order',
    [],
    async (ground) => {
      const [first, second, over] = [ground.launch(ENDLESS), ground.launch(ENDLESS), ground.launch(SHORT)];
      await ground.started(first, second);
      await ground.ended(over);
      await ground.quiet();
      for (let time = 0; time < 2; time++) ground.order({ kind: 'sampleUsage' });
      await ground.quiet();
      const samples = ground.script.heard.flatMap(({ input }) =>
        input.kind === 'usageSampled'
          ? [input.containers.map(({ container }) => container).sort((a, b) => a - b)]
          : [],
      );
      same(
        samples,
        [
          [first, second],
          [first, second],
        ],
        'the samples',
      );
    },
  ),

  // Nested ones.

  demand('a pod runs until it is ended, whatever is nested in it ends', ['nest'], async (ground) => {
    const pod = ground.launchPod();
    await ground.started(pod.container);
    const task = ground.launchInto(pod, SHORT);
    await ground.ended(task);
    await ground.quiet();
    story(ground, task, 'started', 'exited code 0');
    story(ground, pod.container, 'started');
    ground.signal(pod.container, 'SIGKILL');
    await ground.ended(pod.container);
    story(ground, pod.container, 'started', 'exited signal 9');
  }),
  demand('what is nested in a pod ends with it, and before it', ['nest'], async (ground) => {
    const pod = ground.launchPod();
    await ground.started(pod.container);
    const tasks = [ground.launchInto(pod), ground.launchInto(pod)];
    await ground.started(...tasks);
    ground.signal(pod.container, 'SIGKILL');
    await ground.ended(pod.container);
    await ground.quiet();
    for (const container of [...tasks, pod.container]) story(ground, container, 'started', 'exited signal 9');
    for (const container of [...tasks, pod.container])
      same(await ground.world.isAlive(container), false, `whether container ${container} lives`);
  }),
  demand(
    'what is launched into a pod that is being ended ends with it, and before it',
    ['nest'],
    async (ground) => {
      const pod = ground.launchPod();
      await ground.started(pod.container);
      const { container, outputs } = ground.launchingInto(pod);
      ground.order({ kind: 'signalContainer', container: pod.container, signal: 'SIGKILL' }, ...outputs);
      await ground.ended(container, pod.container);
      same(await ground.world.isAlive(container), false, 'whether it lives');
    },
  ),
  demand('what is being launched into a pod ends with it, and before it', ['nest'], async (ground) => {
    const pod = ground.launchPod();
    await ground.started(pod.container);
    const { container, outputs } = ground.launchingInto(pod);
    ground.order(...outputs, { kind: 'signalContainer', container: pod.container, signal: 'SIGKILL' });
    await ground.ended(container, pod.container);
    same(await ground.world.isAlive(container), false, 'whether it lives');
  }),
  demand('what is launched into a pod that is gone cannot start', ['nest'], async (ground) => {
    const pod = ground.launchPod();
    await ground.started(pod.container);
    ground.signal(pod.container, 'SIGKILL');
    await ground.ended(pod.container);
    await ground.quiet();
    const { container, outputs } = ground.launchingInto(pod);
    ground.order(...outputs);
    await ground.until(() => ground.script.exitOf(container) !== null, 'it has been told of');
    story(ground, container, 'exited LAUNCH_FAILED');
  }),

  // The agent's process comes and goes.

  demand('what runs while the agent restarts is told to run, and ends once', [], async (ground) => {
    const container = ground.launch(ENDLESS);
    await ground.started(container);
    await ground.restart();
    await ground.started(container);
    same(await ground.world.isAlive(container), true, 'whether it lives');
    ground.signal(container, 'SIGKILL');
    await ground.ended(container);
    await ground.quiet();
    story(ground, container, 'started', '|', 'started', 'exited signal 9');
  }),
  demand('what ended while the agent was away is told once, as it ended', [], async (ground) => {
    const container = ground.launch(LATER);
    await ground.started(container);
    await ground.restart(async () => {
      await ground.until(async () => !(await ground.world.isAlive(container)), 'it has ended');
      await ground.world.pass(micros(200 * MILLISECOND));
    });
    await ground.ended(container);
    await ground.restart();
    await ground.quiet();
    story(ground, container, 'started', '|', 'exited code 0');
  }),
  demand('what was told to have ended is not told again to the next process', [], async (ground) => {
    const container = ground.launch(SHORT);
    await ground.ended(container);
    await ground.quiet();
    await ground.restart();
    await ground.quiet();
    story(ground, container, 'started', 'exited code 0');
  }),
  demand('what the agent recorded but never launched is gone', [], async (ground) => {
    const { container, outputs } = ground.launching(ENDLESS);
    ground.order(...outputs.filter(({ kind }) => kind === 'checkpoint'));
    await ground.restart();
    await ground.ended(container);
    story(ground, container, 'exited GONE');
  }),
  demand('what the agent has no record of is ended at its start, without a word', [], async (ground) => {
    const orphan = ground.launch(ENDLESS, false);
    const known = ground.launch(ENDLESS);
    await ground.started(orphan, known);
    await ground.restart();
    await ground.until(async () => !(await ground.world.isAlive(orphan)), 'the orphan has ended');
    await ground.quiet();
    story(ground, orphan, 'started');
    story(ground, known, 'started', '|', 'started');
  }),
  demand('a launch that the end of the process cuts short comes to one end', [], async (ground) => {
    const container = ground.launch(SHORT);
    await ground.restart();
    await ground.ended(container);
  }),
  demand('a pod and what is nested in it outlive the agent’s process together', ['nest'], async (ground) => {
    const pod = ground.launchPod();
    await ground.started(pod.container);
    const [ending, lasting] = [ground.launchInto(pod, LATER), ground.launchInto(pod)];
    await ground.started(ending, lasting);
    await ground.restart(async () => {
      await ground.until(async () => !(await ground.world.isAlive(ending)), 'the first has ended');
      await ground.world.pass(micros(200 * MILLISECOND));
    });
    await ground.started(pod.container, lasting);
    await ground.ended(ending);
    ground.signal(pod.container, 'SIGKILL');
    await ground.ended(pod.container);
    story(ground, ending, 'started', '|', 'exited code 0');
    story(ground, lasting, 'started', '|', 'started', 'exited signal 9');
    story(ground, pod.container, 'started', '|', 'started', 'exited signal 9');
  }),
  demand('after a reboot nothing runs, and nothing is told of what ran', [], async (ground) => {
    const container = ground.launch(ENDLESS);
    await ground.started(container);
    await ground.restart(() => ground.world.reboot());
    await ground.quiet();
    const started = ground.script.heard.filter(({ input }) => input.kind === 'started').at(-1)!.input;
    assert(started.kind === 'started' && !started.containersAlive, 'the agent is told of the reboot');
    same(
      started.recovered?.tasks.map(({ progress }) => progress.container),
      [container],
      'what it recovered',
    );
    same(await ground.world.isAlive(container), false, 'whether it lives');
    story(ground, container, 'started');
  }),
];
