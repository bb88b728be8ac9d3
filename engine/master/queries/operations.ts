import { isVisibleOperation, type Viewer } from '../../authorization/index.ts';
import type { Operation } from '../../protocol/index.ts';
import type { MasterState } from '../state.ts';

/** Operations whose end is not acknowledged, by agent (spec 05 §A, GET_OPERATIONS): those whose resources may be viewed, all of them. */
export function clusterOperations(master: MasterState, viewer: Viewer): Operation[] {
  const operations: Operation[] = [];
  for (const agent of master.agents) {
    for (const { uuid, frameworkId, info, latestStatus } of agent.operations?.values() ?? []) {
      if (!isVisibleOperation(info, viewer)) continue;
      operations.push({ uuid, frameworkId, agentId: agent.id, info, latestStatus, statuses: [latestStatus] });
    }
  }
  return operations;
}
