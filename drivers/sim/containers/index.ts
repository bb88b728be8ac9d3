export { CONTAINER_RUNNING, CONTAINER_STARTING, ContainerTable } from './container-table.ts';
export {
  type ContainerOptions,
  DEFAULT_CONTAINER_OPTIONS,
  SIGKILL,
  SIGTERM,
  VirtualContainers,
} from './virtual-containers.ts';
