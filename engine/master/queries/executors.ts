import type { Viewer } from '../../authorization/index.ts';
import type { ClusterExecutors } from '../../protocol/index.ts';
import type { FrameworkRecord } from '../framework-record.ts';
import type { MasterState } from '../state.ts';

type ExecutorView = ClusterExecutors['executors'][number];

/** GET_EXECUTORS (spec 05 §A): executors whose user, and whose framework's user, may be viewed. */
export function clusterExecutors(master: MasterState, viewer: Viewer): ClusterExecutors {
  return { executors: [...executorViews(master, viewer)] };
}

/** One by one, each of the instant it is asked for: a driver may let the master go on in between. */
export function* executorViews(master: MasterState, viewer: Viewer): Generator<ExecutorView> {
  for (const framework of master.frameworks) yield* executorViewsOf(framework, viewer);
}

/** Those of one framework. */
export function* executorViewsOf(framework: FrameworkRecord, viewer: Viewer): Generator<ExecutorView> {
  const { user } = framework.info;
  if (!viewer.may('view_frameworks', user)) return;
  for (const { info, agent } of framework.executors) {
    if (viewer.may('view_executors', info.command?.user ?? user))
      yield { executorInfo: { ...info, frameworkId: framework.id }, agentId: agent.id };
  }
}
