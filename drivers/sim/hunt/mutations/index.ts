import { AGENT_MUTATIONS } from './agent-mutations.ts';
import { ALLOCATOR_MUTATIONS } from './allocator-mutations.ts';
import { MASTER_MUTATIONS } from './master-mutations.ts';
import type { Mutation } from './mutation.ts';
import { REGISTRY_MUTATIONS } from './registry-mutations.ts';

/** Every mutation that can be hunted, by id. */
export const MUTATIONS: readonly Mutation[] = [
  ...MASTER_MUTATIONS,
  ...AGENT_MUTATIONS,
  ...ALLOCATOR_MUTATIONS,
  ...REGISTRY_MUTATIONS,
].sort((a, b) => (a.id < b.id ? -1 : 1));

export type { Mutation, MutationEdit } from './mutation.ts';
