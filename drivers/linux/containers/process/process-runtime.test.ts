import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CgroupMounts, cgroupMounts } from '../cgroups/cgroup-mounts.ts';
import { cgroupsBelow, ContainerCgroup } from '../cgroups/container-cgroup.ts';
import { containerRuntimeContract, type RuntimeMachine } from '../container-runtime-contract.ts';
import { ProcessRuntime } from './process-runtime.ts';

const machineMounts = await cgroupMounts();
const NO_CGROUPS: CgroupMounts = { v1: new Map(), v2: null };
let number = 0;

async function machineWith(mounts: CgroupMounts): Promise<RuntimeMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'orrery-process-'));
  const cgroup = `orrery-test-${process.pid}-${++number}`;
  return {
    folder,
    open: (events) => ProcessRuntime.open({ folder: join(folder, 'containers'), cgroup, mounts }, events),
    async remove() {
      const whole = new ContainerCgroup(mounts, cgroup);
      await whole.kill();
      await whole.remove();
      await rm(folder, { recursive: true });
      expect(await cgroupsBelow(mounts, cgroup)).toEqual(new Set());
    },
  };
}

const probe = await ProcessRuntime.open(
  {
    folder: join(tmpdir(), `orrery-probe-${process.pid}`),
    cgroup: `orrery-probe-${process.pid}`,
    mounts: machineMounts,
  },
  { exited() {} },
);
await rm(join(tmpdir(), `orrery-probe-${process.pid}`), { recursive: true });
if (probe.usesCgroups) await new ContainerCgroup(machineMounts, `orrery-probe-${process.pid}`).remove();

if (probe.usesCgroups) {
  containerRuntimeContract('processes with cgroups', () => machineWith(machineMounts), {
    image: null,
    limitsMemory: new ContainerCgroup(machineMounts, 'any').limitsMemory,
    nests: true,
  });
} else {
  test('processes with cgroups', ({ skip }) => {
    if (process.env['CI'] !== undefined)
      throw new Error('this machine lets nobody make cgroups: CI must run as root');
    skip('this machine lets nobody make cgroups: run as root to test limits');
  });
}

containerRuntimeContract('processes without cgroups', () => machineWith(NO_CGROUPS), {
  image: null,
  limitsMemory: false,
  nests: true,
});
