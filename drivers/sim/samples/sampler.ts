import type { Micros } from '../../../engine/core/index.ts';
import type { ClusterSample, KindAmounts, RoleSample } from '../../../engine/workload/index.ts';
import type { FrameworkFleet, MasterEnsemble, RoleFleet } from '../world/index.ts';
import { type Claim, fairShares } from './fair-share.ts';

const NOTHING: KindAmounts = { cpus: 0, mem: 0, disk: 0, gpus: 0 };

/** Counts of ended tasks, kept by whoever hears of them. */
export interface TaskCounts {
  tasksFinished: number;
  tasksFailed: number;
}

/** Reads a sample of the cluster off counters. O(roles² + frameworks); changes nothing that a run depends on. */
export function sampleCluster(
  at: Micros,
  master: MasterEnsemble,
  frameworks: FrameworkFleet,
  counts: TaskCounts,
): ClusterSample {
  const stats = master.machine?.stats ?? null;
  const total = copied(stats?.total ?? NOTHING);
  const { made, accepted, declined, rescinded, timedOut } = master.offers;
  const roles = sampleRoles(master, frameworks, total);
  let jobsQueued = 0;
  for (const fleet of frameworks.roles) {
    for (const number of fleet.frameworks)
      jobsQueued += frameworks.framework(number).roleCounts(fleet.role).jobsQueued;
  }
  return {
    at,
    total,
    allocated: copied(stats?.allocated ?? NOTHING),
    offered: copied(stats?.offered ?? NOTHING),
    agents: stats?.agentsConnected ?? 0,
    tasksRunning: roles.reduce((sum, role) => sum + role.tasksRunning, 0),
    tasksQueued: roles.reduce((sum, role) => sum + role.tasksQueued, 0),
    jobsQueued,
    offersMade: made,
    offersAccepted: accepted,
    offersDeclined: declined,
    offersRescinded: rescinded,
    offersTimedOut: timedOut,
    declinersPassedOver: master.declinersPassedOver,
    tasksFinished: counts.tasksFinished,
    tasksFailed: counts.tasksFailed,
    allocationRuns: master.allocationRuns,
    masterSteps: master.steps,
    roles,
  };
}

function sampleRoles(master: MasterEnsemble, frameworks: FrameworkFleet, total: KindAmounts): RoleSample[] {
  const claims: Claim[] = [];
  const loads = frameworks.roles.map((fleet) => {
    let tasksRunning = 0;
    let tasksQueued = 0;
    let { cpus, mem, gpus } = fleet.held;
    for (const number of fleet.frameworks) {
      const framework = frameworks.framework(number);
      const counts = framework.roleCounts(fleet.role);
      const demand = framework.demandOf(fleet.role);
      tasksRunning += counts.tasksRunning;
      tasksQueued += counts.tasksQueued;
      cpus += demand.cpus;
      mem += demand.mem;
      gpus += demand.gpus;
    }
    claims.push({
      weight: fleet.weight,
      demand: [fraction(cpus, total.cpus), fraction(mem, total.mem), fraction(gpus, total.gpus)],
    });
    return { tasksRunning, tasksQueued };
  });
  const shares = fairShares(claims);
  return frameworks.roles.map((fleet, index) => ({
    role: fleet.role,
    dominantShare: dominantShare(master, frameworks, fleet),
    fairShare: shares[index]!,
    ...loads[index]!,
  }));
}

/** A kind that the cluster has none of, while agents are away, leaves the share out. */
function fraction(amount: number, total: number): number {
  return total === 0 ? 0 : amount / total;
}

/** Asked only for roles that the allocator knows already: asking must not teach it a role. */
function dominantShare(master: MasterEnsemble, frameworks: FrameworkFleet, fleet: RoleFleet): number {
  const { machine } = master;
  if (machine === null || !fleet.frameworks.some((number) => frameworks.framework(number).isSubscribed))
    return 0;
  const { allocator } = machine;
  return allocator.dominantShare(allocator.role(fleet.role)) * fleet.weight;
}

function copied({ cpus, mem, disk, gpus }: KindAmounts): KindAmounts {
  return { cpus, mem, disk, gpus };
}
