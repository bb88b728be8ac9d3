export { isExcludedByConstraints } from './constraint-check.ts';
export { DrfSorter, type DrfSorterOptions } from './drf-sorter.ts';
export { hierarchicalDrf } from './factory.ts';
export { HierarchicalDrf } from './hierarchical-drf.ts';
