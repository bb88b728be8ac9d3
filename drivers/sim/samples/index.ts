export { type Claim, fairShares } from './fair-share.ts';
export { sampleCluster, type TaskCounts } from './sampler.ts';
