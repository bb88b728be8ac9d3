import type { MachineSpec } from '../../engine/workload/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Shape } from './shapes.ts';

/** `count` equal machines named `<prefix>-0` and on; they share one `Resources`. */
export function uniformFleet(count: number, shape: Shape, prefix = 'machine'): MachineSpec[] {
  const resources = Resources.ofScalars(shape);
  const machines: MachineSpec[] = [];
  for (let index = 0; index < count; index++) {
    machines.push({ name: `${prefix}-${index}`, resources, attributes: [], domain: null });
  }
  return machines;
}
