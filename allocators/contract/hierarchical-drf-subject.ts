import { DrfSorter, HierarchicalDrf, isExcludedByConstraints } from '../hierarchical-drf/index.ts';
import type { ConformanceSubject } from './subject.ts';

/** The default policy under the scenarios. */
export const HIERARCHICAL_DRF_SUBJECT: ConformanceSubject = {
  allocator: (now, options, sink) => new HierarchicalDrf(now, options, sink),
  sorter: (fairnessExclude) => new DrfSorter({ fairnessExclude }),
  constraints: isExcludedByConstraints,
};
