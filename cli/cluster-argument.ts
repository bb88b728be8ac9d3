import { Resources, resourceErrorText } from '../engine/resources/index.ts';
import type { MachineSpec } from '../engine/workload/index.ts';
import { UsageError } from './usage-error.ts';

const MACHINES_MAX = 1_000_000;

/**
 * A cluster in words: groups joined by `+`, each `COUNTxRESOURCES` with resources in Mesos's text form, for example
 * `100xcpus:16;mem:65536+20xcpus:96;mem:786432;gpus:8`. Throws UsageError.
 */
export function parseCluster(text: string): readonly MachineSpec[] {
  const machines: MachineSpec[] = [];
  for (const group of text.split('+')) {
    const match = /^\s*(\d+)\s*x\s*(.+)$/.exec(group);
    if (match === null) {
      throw new UsageError(
        `--cluster ${group}: not of the form COUNTxRESOURCES, such as 100xcpus:16;mem:65536`,
      );
    }
    const count = Number(match[1]);
    if (count < 1 || machines.length + count > MACHINES_MAX) {
      throw new UsageError(`--cluster ${group}: a cluster has from 1 to ${MACHINES_MAX} machines`);
    }
    const parsed = Resources.parse(match[2]!);
    if (!parsed.ok) throw new UsageError(`--cluster ${group}: ${resourceErrorText(parsed.error)}`);
    const resources = parsed.value;
    if (resources.cpus === 0 && resources.mem === 0) {
      throw new UsageError(`--cluster ${group}: a machine without cpus and mem is never offered`);
    }
    for (let index = 0; index < count; index++) {
      machines.push({ name: `machine-${machines.length}`, resources, attributes: [], domain: null });
    }
  }
  return machines;
}
