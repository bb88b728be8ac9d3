import type { Micros, Milli } from '../../engine/core/index.ts';
import { milli, ZERO_MILLI } from '../../engine/core/index.ts';
import type { JobTasks, MachineSpec } from '../../engine/workload/index.ts';
import type { Assumptions, AssumptionSpec } from '../model/assumptions.ts';
import { uniformFleet } from '../model/fleet.ts';
import type { Shapes } from '../model/shapes.ts';

/** How a trace that knows GPUs only becomes tasks and machines: philly-2017, Muri. */
export interface GpuModel {
  readonly gpusPerMachine: number;
  readonly cpusPerGpu: Milli;
  readonly memPerGpu: Milli;
}

export const GPU_ASSUMPTIONS: readonly AssumptionSpec[] = [
  {
    name: 'gpus-per-machine',
    meaning: 'GPUs of every machine; a job of more GPUs becomes one task per machine, all started together',
    fallback: '8',
    example: '8',
  },
  {
    name: 'cpus-per-gpu',
    meaning: 'cpus that a task needs, and a machine has, per GPU',
    fallback: '4',
    example: '4',
  },
  {
    name: 'mem-per-gpu',
    meaning: 'memory that a task needs, and a machine has, per GPU',
    fallback: '32GiB',
    example: '32GiB',
  },
];

export function gpuModel(assumptions: Assumptions): GpuModel {
  return {
    gpusPerMachine: assumptions.count('gpus-per-machine', 1, 1_000),
    cpusPerGpu: assumptions.milli('cpus-per-gpu', 10),
    memPerGpu: assumptions.mebibytes('mem-per-gpu', 1_000),
  };
}

/** The tasks of a gang of `gpus` whole GPUs: as many full machines as go, and one task for the rest. */
export function gangTasks(gpus: number, duration: Micros, model: GpuModel, shapes: Shapes): JobTasks[] {
  const full = Math.floor(gpus / model.gpusPerMachine);
  const rest = gpus - full * model.gpusPerMachine;
  const tasks: JobTasks[] = [];
  if (full > 0) tasks.push(group(full, model.gpusPerMachine, duration, model, shapes));
  if (rest > 0) tasks.push(group(1, rest, duration, model, shapes));
  return tasks;
}

export function gpuFleet(count: number, model: GpuModel): MachineSpec[] {
  const gpus = model.gpusPerMachine;
  return uniformFleet(count, {
    cpus: milli(model.cpusPerGpu * gpus),
    mem: milli(model.memPerGpu * gpus),
    disk: ZERO_MILLI,
    gpus: milli(gpus * 1_000),
  });
}

function group(count: number, gpus: number, duration: Micros, model: GpuModel, shapes: Shapes): JobTasks {
  return {
    count,
    resources: shapes.of(
      milli(model.cpusPerGpu * gpus),
      milli(model.memPerGpu * gpus),
      ZERO_MILLI,
      milli(gpus * 1_000),
    ),
    duration,
    constraints: [],
  };
}
