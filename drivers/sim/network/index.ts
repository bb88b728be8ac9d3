export type { Direction, Mischief, MischiefWitness, Side } from './mischief.ts';
export { Network } from './network.ts';
export { DEFAULT_NETWORK_OPTIONS, type NetworkOptions } from './network-options.ts';
