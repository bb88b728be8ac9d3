export { type AgentAbility, AgentGround, type AgentWorld, type Wellness, type Work } from './agent-ground.ts';
export { CONTAINER_CONTRACT } from './container-contract.ts';
export {
  type ContractCase,
  type ContractSubject,
  declareContract,
  type DeclareTest,
} from './contract-case.ts';
export { AgentScript, SCRIPTED_AGENT, SCRIPTED_FRAMEWORK } from './scripted-agent.ts';
export { PROBE_CONTRACT } from './probe-contract.ts';
export { EXECUTOR_CONTRACT } from './executor-contract.ts';
export {
  type FoundRegistry,
  REGISTRY_CONTRACT,
  type RegistryAbility,
  type RegistryNews,
  type RegistryWorld,
} from './registry-contract.ts';
export { CHECKPOINT_CONTRACT, type CheckpointWorld } from './checkpoint-contract.ts';
export { CLOCK_CONTRACT, type ClockAbility, type ClockWorld } from './clock-contract.ts';
