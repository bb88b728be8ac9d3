export { parseCommandLineResources } from './command-line-resources.ts';
export {
  CPUS,
  DISK,
  type DiskInfo,
  type DiskSource,
  type DiskVolume,
  GPUS,
  type IdentityParts,
  MEM,
  PORTS,
  type Reservation,
  type ResourceIdentity,
  type ResourceKindName,
  type ResourceLabels,
  type ResourceValueType,
  reservationRole,
  resourceIdentity,
} from './identity.ts';
export { scalarAmount } from './number-text.ts';
export { applyOperations, type Conversion, conversionOf, type ResourceOperation } from './operations.ts';
export { Quantities } from './quantities.ts';
export type { Range, Ranges } from './ranges.ts';
export { type Resource, rangesResource, scalarResource, setResource, withCount } from './resource.ts';
export { type ResourceError, resourceErrorText } from './resource-error.ts';
export { resourceFromJson, resourcesFromJson } from './resource-from-json.ts';
export { ResourceLimits } from './resource-limits.ts';
export { Resources } from './resources.ts';
export { type ResourcesSummary, resourcesSummary } from './resources-summary.ts';
export { resourceText, valueText } from './resources-text.ts';
export {
  type ResourceFormat,
  type ResourceJson,
  resourcesToJson,
  resourceToJson,
} from './resources-to-json.ts';
export { ancestors, DEFAULT_ROLE, isStrictSubrole, validateRole } from './role-name.ts';
export { shrinkToLimits, shrinkToQuantities, type VisitingOrder } from './shrink.ts';
export {
  itemsText,
  type ParsedValue,
  parseValue,
  rangesText,
  scalarText,
  withoutBlanks,
} from './value-text.ts';
