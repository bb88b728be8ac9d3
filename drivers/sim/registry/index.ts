export { DEFAULT_REGISTRY_OPTIONS, type RegistryOptions, VirtualRegistry } from './virtual-registry.ts';
