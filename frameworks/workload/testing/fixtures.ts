import { micros, MICROS_PER_SECOND } from '../../../engine/core/index.ts';
import type { FrameworkInfo } from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import type { Job, PlacementConstraint } from '../../../engine/workload/index.ts';
import { DEFAULT_WORKLOAD_OPTIONS, type WorkloadOptions } from '../options.ts';
import { scalars } from './plain-master.ts';

export const SECOND = MICROS_PER_SECOND;

export function frameworkInfo(name: string, roles: readonly string[]): FrameworkInfo {
  return {
    user: 'nobody',
    name,
    id: null,
    failoverTimeout: 3_600,
    checkpoint: true,
    role: null,
    roles,
    hostname: '',
    principal: null,
    webuiUrl: null,
    capabilities: ['MULTI_ROLE', 'PARTITION_AWARE', 'GPU_RESOURCES', 'TASK_KILLING_STATE'],
    labels: null,
    offerFilters: new Map(),
  };
}

export function optionsFor(
  name: string,
  roles: readonly string[],
  changes: Partial<WorkloadOptions>,
): WorkloadOptions {
  return { ...DEFAULT_WORKLOAD_OPTIONS, info: frameworkInfo(name, roles), ...changes };
}

/** What a test says of a job; the rest is one task of 1 cpu and 1 GiB for 10 s. */
export interface JobSketch {
  readonly id?: string;
  readonly arrival?: number;
  readonly role?: string;
  readonly priority?: number;
  readonly gang?: boolean;
  readonly count?: number;
  readonly resources?: Resources;
  /** Seconds. */
  readonly duration?: number;
  readonly constraints?: readonly PlacementConstraint[];
}

export function job(sketch: JobSketch): Job {
  return {
    id: sketch.id ?? 'job',
    arrival: micros(sketch.arrival ?? 0),
    role: sketch.role ?? 'batch',
    user: null,
    priority: sketch.priority ?? 0,
    gang: sketch.gang ?? false,
    tasks: [
      {
        count: sketch.count ?? 1,
        resources: sketch.resources ?? scalars(1, 1_024),
        duration: micros((sketch.duration ?? 10) * SECOND),
        constraints: sketch.constraints ?? [],
      },
    ],
  };
}
