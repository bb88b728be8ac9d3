export { agentStatus, agentStatuses, clusterAgents } from './agents.ts';
export { clusterExecutors, executorViews, executorViewsOf } from './executors.ts';
export {
  clusterFrameworks,
  completedFrameworkStatuses,
  frameworkStatus,
  frameworkStatuses,
} from './frameworks.ts';
export { masterInfo } from './master-info.ts';
export { answerQuery, clusterState, type OperatorRead } from './query.ts';
export { quotaStatus, weightInfos } from './quota.ts';
export { type RoleBreakdown, RoleBreakdowns } from './role-breakdown.ts';
export { roleStatuses } from './roles.ts';
export { clusterTasks, type TaskKind, taskView, taskViews, taskViewsOf } from './tasks.ts';
export { taskTimelines } from './timelines.ts';
