import type { AgentToMaster } from '../protocol/index.ts';
import type { MasterState } from './state.ts';
import { removeExecutor } from './tasks.ts';

/** An executor ended: its resources come back, its framework is told (spec 04 §4). Its tasks' updates come by themselves. */
export function executorExited(
  master: MasterState,
  message: Extract<AgentToMaster, { type: 'EXITED_EXECUTOR' }>,
): void {
  const agent = master.agentsById.get(message.agentId);
  const framework = master.frameworksById.get(message.frameworkId);
  if (agent === undefined || framework === undefined) return;
  const executor = agent.executor(framework, message.executorId);
  if (executor !== null) removeExecutor(master, executor);
  master.send(framework, {
    type: 'FAILURE',
    agentId: agent.id,
    executorId: message.executorId,
    status: message.status,
  });
}
