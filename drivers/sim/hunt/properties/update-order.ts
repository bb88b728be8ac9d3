import type { AgentId, FrameworkId, TaskId } from '../../../../engine/core/index.ts';
import { isTerminal, type TaskState } from '../../../../engine/protocol/index.ts';
import { expectThat, type Property } from '../property.ts';

/** What an agent has sent of one task. */
interface Stream {
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId;
  head: number;
  state: TaskState;
  ended: boolean;
}

/**
 * S5, updates in order and acknowledged by identity: an agent goes on to a task's next update only after the framework has acknowledged the
 * one before by its own id, and ids only grow. S4 on the agent's side: nothing follows a terminal update, and no container starts after it.
 */
export function updateOrder(): Property {
  const streams = new Map<string, Stream>();
  /** Ids of updates that their frameworks acknowledged, per agent. */
  const acknowledged = new Map<AgentId, Set<number>>();
  /** Of frameworks that do not checkpoint nothing is on the disk: what an agent has not delivered of them is gone when it restarts. */
  const volatile = new Set<FrameworkId>();
  /** Agents were ordered to forget them; a master that has forgotten that too may let them come back. */
  const shutDown = new Set<FrameworkId>();
  const keyOf = (agent: AgentId, framework: FrameworkId, task: TaskId): string =>
    `${agent} ${framework} ${task}`;
  return {
    id: 'S5',
    frameworkOutput(_now, _framework, output) {
      if (output.kind !== 'call' || output.call.type !== 'ACKNOWLEDGE') return;
      const { agentId, uuid } = output.call;
      let ids = acknowledged.get(agentId);
      if (ids === undefined) {
        ids = new Set();
        acknowledged.set(agentId, ids);
      }
      ids.add(uuid);
    },
    masterOutput(_now, _master, output) {
      if (output.kind !== 'toAgent') return;
      const { message } = output;
      if (message.type === 'SHUTDOWN_FRAMEWORK') shutDown.add(message.frameworkId);
      if (message.type !== 'RUN_TASK' && message.type !== 'RUN_TASK_GROUP') return;
      if (message.framework.checkpoint) volatile.delete(message.frameworkId);
      else volatile.add(message.frameworkId);
    },
    agentOutput(_now, machine, output) {
      if (output.kind !== 'toMaster') return;
      if (output.message.type === 'REREGISTER_AGENT' && volatile.size + shutDown.size > 0) {
        const { info, tasks } = output.message;
        const kept = new Set(tasks.map((one) => keyOf(info.id!, one.frameworkId, one.task.taskId)));
        for (const [key, { agentId, frameworkId }] of streams) {
          const isForgotten = volatile.has(frameworkId) || shutDown.has(frameworkId);
          if (agentId === info.id && isForgotten && !kept.has(key)) streams.delete(key);
        }
      }
      if (output.message.type !== 'STATUS_UPDATE') return;
      const { agentId, frameworkId, status, latestState } = output.message;
      const uuid = status.uuid!;
      const key = keyOf(agentId, frameworkId, status.taskId);
      const stream = streams.get(key);
      const where = () =>
        `machine ${machine}, agent ${agentId}, framework ${frameworkId}, task ${status.taskId}`;
      if (stream === undefined || stream.head === uuid) {
        streams.set(key, {
          agentId,
          frameworkId,
          head: uuid,
          state: status.state,
          ended: isTerminal(status.state),
        });
      } else {
        expectThat(
          uuid > stream.head,
          'S5',
          () => `update ${uuid} (${status.state}) is sent after the later update ${stream.head}: ${where()}`,
        );
        expectThat(
          acknowledged.get(agentId)?.has(stream.head) === true ||
            // An answer about a task that the agent never had is not on its disk: asked again after a restart, it answers anew.
            (stream.ended && status.reason === 'REASON_RECONCILIATION'),
          'S5',
          () =>
            `update ${uuid} (${status.state}) is sent although update ${stream.head} (${stream.state}) was never acknowledged: ${where()}`,
        );
        stream.head = uuid;
        stream.state = status.state;
        stream.ended = isTerminal(status.state);
      }
      expectThat(
        !isTerminal(status.state) || latestState === status.state,
        'S4',
        () => `after ${status.state} the agent says ${latestState}: ${where()}`,
      );
    },
  };
}
