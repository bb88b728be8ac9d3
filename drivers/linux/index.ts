/** Container runtimes by name, the one that needs nothing but Linux first. */
export const RUNTIME_NAMES = ['process', 'docker'] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];
