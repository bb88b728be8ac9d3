export { AgentMachine } from './agent-machine.ts';
export type { ContainerPhase, TaskEnding } from './agent-task.ts';
export type { AgentCheckpoint, CheckpointedExecutor, CheckpointedTask } from './checkpoint.ts';
export type { AgentInput, ContainerExit } from './input.ts';
export { type AgentOptions, type AgentSettings, DEFAULT_AGENT_SETTINGS } from './options.ts';
export type { AgentOutput } from './output.ts';
export { hashAgentOutput } from './output-hash.ts';
