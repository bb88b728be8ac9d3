export {
  type Conversion,
  CONVERSION_TARGETS,
  type ConversionTarget,
  convertTrace,
  writeTrace,
} from './convert.ts';
export type { TraceFormat } from './formats/index.ts';
export type { WorkloadGenerator } from './generators/index.ts';
export {
  type ClusterSummary,
  inspectTrace,
  type LoadSum,
  type RoleLoad,
  type TraceInspection,
} from './inspect.ts';
export { type ListedFormat, type ListedGenerator, listTraces } from './list.ts';
export type { AssumptionSpec } from './model/assumptions.ts';
export { uniformFleet } from './model/fleet.ts';
export { DEFAULT_READ_OPTIONS, type ReadOptions } from './model/read-options.ts';
export { roleName } from './model/role-name.ts';
export type { Shape } from './model/shapes.ts';
export { TraceError, type TracePlace } from './model/trace-error.ts';
export type { Cluster, OpenedTrace, SkippedRows, Workload, WorkloadReport } from './model/workload.ts';
export { openTrace, type ResolvedTrace, resolveTrace } from './open.ts';
export type { TraceSample } from './samples.ts';
