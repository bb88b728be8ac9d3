import { isOver } from '../../../../frameworks/chaos/index.ts';
import { expectThat, type Property } from '../property.ts';

/**
 * L5 and L1 at rest: a master leads, every agent that is up is registered with it, every framework that is there is subscribed, and every task
 * that was accepted has been answered for.
 */
export function recovery(): Property {
  return {
    id: 'L5',
    settled(scene) {
      const { leader, scenario } = scene;
      expectThat(leader !== null, 'L5', () => 'no master leads although all is healed');
      for (let machine = 0; machine < scenario.machines.length; machine++) {
        const agent = scene.agent(machine);
        if (agent === null || !scene.answers(machine)) continue;
        const record = agent.agentId === null ? undefined : leader.state.agentsById.get(agent.agentId);
        expectThat(
          agent.isRegistered && record !== undefined && record.link !== null,
          'L5',
          () =>
            `the agent on machine ${machine} (${agent.agentId ?? 'without id'}) is up and not registered: the agent says ${agent.isRegistered}, the master ${record !== undefined}`,
        );
      }
      for (let number = 0; number < scenario.frameworks.length; number++) {
        const framework = scene.framework(number);
        if (framework.hasLeft) continue;
        expectThat(
          framework.isSubscribed && framework.id !== null,
          'L5',
          () => `framework ${scene.nameOfFramework(number)} (${framework.id}) is not subscribed`,
        );
        for (const task of framework.ledger.tasks.values()) {
          expectThat(
            isOver(task.state) ||
              // Its agent came back as another one, without a disk: nobody will ever know more.
              (task.state === 'TASK_UNREACHABLE' && leader.state.unreachableAgents.has(task.agentId)),
            'L1',
            () =>
              `task ${task.taskId} of framework ${framework.id}, launched at ${task.launchedAt} µs on agent ${task.agentId}, is ${task.state} to its framework, which has asked to end it ${task.killsSent} times`,
          );
        }
      }
    },
  };
}
