export { type ExecutorGround, VirtualExecutors } from './virtual-executors.ts';
export { type ProbeGround, type TaskCondition, VirtualProber } from './virtual-prober.ts';
export { VirtualContainerFaults } from './container-faults.ts';
export { CONTAINER_RUNNING, CONTAINER_STARTING, ContainerTable } from './container-table.ts';
export {
  type ContainerOptions,
  CRASH,
  DEFAULT_CONTAINER_OPTIONS,
  DISK_LIMIT,
  LAUNCH_FAILURE,
  MEMORY_LIMIT,
  SIGKILL,
  SIGTERM,
  VirtualContainers,
} from './virtual-containers.ts';
