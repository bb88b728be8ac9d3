import { type AgentOutput, type ExecutorStreamId, NO_CONTAINER } from '../agent/index.ts';
import { assert, micros, type TaskId } from '../core/index.ts';
import { type ExecutorEvent, isTerminal, type TaskInfo } from '../protocol/index.ts';
import { type AgentAbility, type AgentGround, MILLISECOND, type Pod } from './agent-ground.ts';
import { type ContractCase, same } from './contract-case.ts';

type Case = ContractCase<AgentGround, AgentAbility>;

const NEEDS: readonly AgentAbility[] = ['executors'];

function demand(name: string, run: (ground: AgentGround) => Promise<void>): Case {
  return {
    name,
    needs: NEEDS,
    run: async (ground) => {
      await run(ground);
      await ground.quiet();
      ground.script.check();
      checkStreams(ground);
    },
  };
}

/** Every stream is opened by one SUBSCRIBE, to one process, and breaks at most once, after that. */
function checkStreams(ground: AgentGround): void {
  const open = new Set<string>();
  const opened = new Set<string>();
  for (const { process, input } of ground.script.heard) {
    if (input.kind === 'executorCalled') {
      same(input.stream !== null, input.call.type === 'SUBSCRIBE', 'whether a call opens a stream');
      if (input.stream === null) continue;
      const key = `${process} ${input.stream}`;
      assert(!opened.has(key), 'no stream is opened twice');
      opened.add(key);
      open.add(key);
    } else if (input.kind === 'executorStreamClosed') {
      assert(open.delete(`${process} ${input.stream}`), 'a stream that is open breaks, and once');
    }
  }
}

/** An agent records a task before it sends it: so its id means the same to the next process. Which record does not matter here. */
const RECORD: AgentOutput = {
  kind: 'checkpoint',
  record: { kind: 'sandboxForgotten', container: NO_CONTAINER },
};

/** The streams on which an executor has subscribed, to the process of now. */
function subscriptions(ground: AgentGround, { executorId }: Pod) {
  return ground.script
    .callsOf(executorId)
    .filter(({ process, call }) => process === ground.script.processes && call.type === 'SUBSCRIBE');
}

/** Its latest stream, once it has subscribed `count` times to this process. */
async function subscribed(ground: AgentGround, executor: Pod, count = 1): Promise<ExecutorStreamId> {
  await ground.until(
    () => subscriptions(ground, executor).length >= count,
    `executor ${executor.executorId} has subscribed ${count} times`,
  );
  return subscriptions(ground, executor).at(-1)!.stream!;
}

function send(ground: AgentGround, stream: ExecutorStreamId, event: ExecutorEvent): void {
  ground.order({ kind: 'executorEvent', stream, event });
}

/** What it reported, without repetitions in subscriptions. */
function reports(ground: AgentGround, { executorId }: Pod) {
  return ground.script
    .callsOf(executorId)
    .flatMap(({ call }) => (call.type === 'UPDATE' ? [call.status] : []));
}

async function reported(ground: AgentGround, executor: Pod, taskId: TaskId, state: string): Promise<void> {
  await ground.until(
    () => reports(ground, executor).some((status) => status.taskId === taskId && status.state === state),
    `task ${taskId} is ${state}`,
  );
}

async function launched(
  ground: AgentGround,
  executor: Pod,
  stream: ExecutorStreamId,
  task: TaskInfo,
): Promise<void> {
  ground.order(RECORD, { kind: 'executorEvent', stream, event: { type: 'LAUNCH', task } });
  await reported(ground, executor, task.taskId, 'TASK_RUNNING');
}

/** What follows the launch of a custom executor, `executorEvent`, `closeExecutorStream` and `refuseExecutorCall` (spec 04). */
export const EXECUTOR_CONTRACT: readonly Case[] = [
  demand(
    'an executor subscribes by itself once its container runs, with nothing to repeat',
    async (ground) => {
      const executor = ground.launchExecutor();
      await subscribed(ground, executor);
      await ground.quiet();
      const [first, ...more] = subscriptions(ground, executor);
      same(more.length, 0, 'further subscriptions');
      const { call } = first!;
      assert(call.type === 'SUBSCRIBE', 'it subscribes');
      same([call.unacknowledgedTasks, call.unacknowledgedUpdates], [[], []], 'what it repeats');
      same(ground.script.story(executor.container), ['started'], 'what was told of its container');
    },
  ),
  demand(
    'a task that is sent runs, and its end is reported: each update has an id of its own',
    async (ground) => {
      const executor = ground.launchExecutor();
      const stream = await subscribed(ground, executor);
      const task = ground.taskFor({ runs: micros(50 * MILLISECOND) });
      await launched(ground, executor, stream, task);
      await reported(ground, executor, task.taskId, 'TASK_FINISHED');
      await ground.quiet();
      const updates = reports(ground, executor);
      same(
        updates.map(({ state }) => state),
        ['TASK_RUNNING', 'TASK_FINISHED'],
        'its updates',
      );
      same(new Set(updates.map(({ uuid }) => uuid)).size, 2, 'ids');
    },
  ),
  demand('KILL ends one task of several, once, and leaves the others', async (ground) => {
    const executor = ground.launchExecutor();
    const stream = await subscribed(ground, executor);
    const [one, other] = [ground.taskFor(), ground.taskFor()];
    await launched(ground, executor, stream, one);
    await launched(ground, executor, stream, other);
    send(ground, stream, { type: 'KILL', taskId: one.taskId, killPolicy: null });
    await reported(ground, executor, one.taskId, 'TASK_KILLED');
    await ground.quiet();
    same(
      reports(ground, executor)
        .filter(({ state }) => isTerminal(state))
        .map(({ taskId }) => taskId),
      [one.taskId],
      'tasks that ended',
    );
  }),
  demand('SHUTDOWN ends the executor by itself', async (ground) => {
    const executor = ground.launchExecutor();
    const stream = await subscribed(ground, executor);
    await launched(ground, executor, stream, ground.taskFor());
    send(ground, stream, { type: 'SHUTDOWN' });
    await ground.ended(executor.container);
    same(
      ground.script.story(executor.container),
      ['started', 'exited code 0'],
      'what was told of its container',
    );
  }),
  demand('the stream of an executor that is killed breaks', async (ground) => {
    const executor = ground.launchExecutor();
    const stream = await subscribed(ground, executor);
    ground.signal(executor.container, 'SIGKILL');
    await ground.ended(executor.container);
    await ground.quiet();
    const broken = ground.script.heard.filter(
      ({ input }) => input.kind === 'executorStreamClosed' && input.stream === stream,
    );
    same(broken.length, 1, 'how often it was told that the stream broke');
    const calls = ground.script.callsOf(executor.executorId).length;
    await ground.quiet();
    same(ground.script.callsOf(executor.executorId).length, calls, 'calls after its end');
  }),
  demand('an executor whose stream the agent closes comes again on another', async (ground) => {
    const executor = ground.launchExecutor();
    const stream = await subscribed(ground, executor);
    ground.order({ kind: 'closeExecutorStream', stream });
    const next = await subscribed(ground, executor, 2);
    assert(next !== stream, 'it is another stream');
    await launched(ground, executor, next, ground.taskFor());
  }),
  demand('an executor whose subscription is refused tries again', async (ground) => {
    ground.script.answer = ({ request, call }) =>
      call.type === 'SUBSCRIBE' && ground.script.callsOf(call.executorId).length <= 2
        ? [{ kind: 'refuseExecutorCall', request, error: { code: 'RECOVERING' } }]
        : [];
    const executor = ground.launchExecutor();
    const stream = await subscribed(ground, executor, 3);
    await launched(ground, executor, stream, ground.taskFor());
    same(subscriptions(ground, executor).length, 3, 'subscriptions');
  }),
  demand(
    'to a new process of its agent it repeats what is unacknowledged, and nothing else',
    async (ground) => {
      const executor = ground.launchExecutor();
      const stream = await subscribed(ground, executor);
      const [known, unknown] = [ground.taskFor(), ground.taskFor()];
      await launched(ground, executor, stream, known);
      await launched(ground, executor, stream, unknown);
      const update = reports(ground, executor).find(({ taskId }) => taskId === known.taskId)!;
      send(ground, stream, { type: 'ACKNOWLEDGED', taskId: known.taskId, uuid: update.uuid! });
      await ground.quiet();
      await ground.restart();
      await subscribed(ground, executor);
      const { call } = subscriptions(ground, executor)[0]!;
      assert(call.type === 'SUBSCRIBE', 'it subscribes');
      same(
        call.unacknowledgedTasks.map(({ taskId }) => taskId),
        [unknown.taskId],
        'tasks of which nothing was acknowledged',
      );
      const unacknowledged = reports(ground, executor).find(({ taskId }) => taskId === unknown.taskId)!;
      same(
        call.unacknowledgedUpdates.map(({ taskId, state, uuid }) => [taskId, state, uuid]),
        [[unknown.taskId, 'TASK_RUNNING', unacknowledged.uuid]],
        'updates that were not acknowledged',
      );
      same(ground.script.exitOf(executor.container), null, 'how its container ended');
    },
  ),
  demand('one that does not checkpoint ends with its connection', async (ground) => {
    const executor = ground.launchExecutor(false);
    const stream = await subscribed(ground, executor);
    ground.order({ kind: 'closeExecutorStream', stream });
    await ground.ended(executor.container);
    same(subscriptions(ground, executor).length, 1, 'subscriptions');
  }),
  demand(
    'one that checkpoints ends when its agent stays away longer than it has patience',
    async (ground) => {
      const executor = ground.launchExecutor(true, micros(1_000 * MILLISECOND));
      await subscribed(ground, executor);
      await ground.restart(async () => {
        await ground.world.pass(micros(200 * MILLISECOND));
        same(await ground.world.isAlive(executor.container), true, 'whether it lives, early on');
        await ground.until(async () => !(await ground.world.isAlive(executor.container)), 'it has ended');
      });
      await ground.ended(executor.container);
      same(
        ground.script.story(executor.container),
        ['started', '|', 'exited code 0'],
        'what was told of its container',
      );
    },
  ),
];
