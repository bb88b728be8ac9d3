import type { AgentToMaster } from '../protocol/index.ts';
import type { LinkId } from './input.ts';
import type { MasterState } from './state.ts';
import { removeExecutor } from './tasks.ts';

/** An executor ended: its resources come back, its framework is told (spec 04 §4). Its tasks' updates come by themselves. */
export function executorExited(
  master: MasterState,
  link: LinkId,
  message: Extract<AgentToMaster, { type: 'EXITED_EXECUTOR' }>,
): void {
  const agent = master.agentsById.get(message.agentId);
  const framework = master.frameworksById.get(message.frameworkId);
  // What ended before a link broke, the report over the next one shows.
  if (agent === undefined || agent.link !== link || framework === undefined) return;
  const executor = agent.executor(framework, message.executorId);
  if (executor !== null) removeExecutor(master, executor);
  master.send(framework, {
    type: 'FAILURE',
    agentId: agent.id,
    executorId: message.executorId,
    status: message.status,
  });
}
