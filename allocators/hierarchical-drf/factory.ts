import type { AllocatorFactory } from '../../engine/master/index.ts';
import { HierarchicalDrf } from './hierarchical-drf.ts';

/** The default allocation policy. */
export const hierarchicalDrf: AllocatorFactory = (now, options, sink) =>
  new HierarchicalDrf(now, options, sink);
