import type { AgentId, FrameworkId, TaskId } from '../../../../engine/core/index.ts';
import type { MasterMachine } from '../../../../engine/master/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

interface Answer {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly state: string;
  /** Where the framework believes it to be; null if it did not say. A task of the same id may have ended elsewhere. */
  readonly agentId: AgentId | null;
}

/**
 * S5, reconciliation tells the truth: while an agent that is registered holds an update of a task that was not acknowledged, the master does
 * not answer that it knows no such task there.
 */
export function reconciliationTruth(scene: Scene): Property {
  const acknowledged = new Set<string>();
  return {
    id: 'S5',
    frameworkOutput(_now, _number, output) {
      if (output.kind !== 'call' || output.call.type !== 'ACKNOWLEDGE') return;
      acknowledged.add(`${output.call.agentId} ${output.call.uuid}`);
    },
    masterOutput(_now, _master, output, machine) {
      if (output.kind !== 'event' || output.event.type !== 'UPDATE') return;
      const { status } = output.event;
      if (status.uuid !== null || status.reason !== 'REASON_RECONCILIATION') return;
      if (status.state !== 'TASK_GONE' && status.state !== 'TASK_LOST' && status.state !== 'TASK_UNKNOWN')
        return;
      const { leader } = scene;
      // Whoever was deposed knows no better.
      if (leader === null || leader !== machine) return;
      const framework = leader.state.frameworksByStream.get(output.stream);
      if (framework === undefined) return;
      const answer = {
        frameworkId: framework.id,
        taskId: status.taskId,
        state: status.state,
        agentId: status.agentId,
      };
      contradicts(scene, leader, answer, acknowledged);
    },
  };
}

function contradicts(
  scene: Scene,
  leader: MasterMachine,
  { frameworkId, taskId, state, agentId }: Answer,
  acknowledged: ReadonlySet<string>,
): void {
  for (let machine = 0; machine < scene.scenario.machines.length; machine++) {
    const agent = scene.agent(machine);
    if (agent === null || !agent.isRegistered || agent.agentId === null) continue;
    if (agentId !== null && agentId !== agent.agentId) continue;
    const record = leader.state.agentsById.get(agent.agentId);
    if (record === undefined || record.link === null) continue;
    for (const reported of agent.report().tasks) {
      if (reported.task.taskId !== taskId || reported.frameworkId !== frameworkId) continue;
      const uuid = reported.statusUpdateUuid;
      // Words for what never ran or is no more agree with each other.
      if (OVER.has(reported.statusUpdateState ?? '')) continue;
      if (uuid === null || acknowledged.has(`${agent.agentId} ${uuid}`)) continue;
      expectThat(
        false,
        'S5',
        () =>
          `framework ${frameworkId} is told ${state} of task ${taskId}, and agent ${agent.agentId} holds an update ${uuid} (${reported.statusUpdateState}) of it that nobody has acknowledged`,
      );
    }
  }
}

const OVER: ReadonlySet<string> = new Set([
  'TASK_GONE',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE_BY_OPERATOR',
]);
