import type { Quota } from '../../engine/master/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { amounts, limits, quantities } from './shapes.ts';
import { Stopwatch } from './stopwatch.ts';

const ROUNDS = 6;

function quotaOf(text: string): Quota {
  return { guarantees: quantities(text), limits: limits(text) };
}

const SMALL = quotaOf('cpus:1;mem:1024;disk:1024');
const LARGE = quotaOf('cpus:4;mem:4096;disk:4096');
/** Two whole agents. */
const TWO_AGENTS = quotaOf('cpus:4;mem:4096;disk:4096');

function addAgents(master: BenchMaster, count: number): void {
  for (let agent = 0; agent < count; agent++)
    master.addAgent(amounts({ cpus: 2, mem: 2_048, disk: 2_048 }), []);
}

/** W4a (upstream LargeAndSmallQuota): a role for each framework, all with quota, of three quarters of the cluster together. */
export function w4LargeAndSmall(small: number, large: number): AllocatorRow[] {
  const master = new BenchMaster();
  addAgents(master, small / 5 + 5 * large);
  master.pause();
  const adding = new Stopwatch();
  adding.time(() => {
    for (let index = 0; index < small; index++) master.addFramework({ roles: [`small${index}`] });
    for (let index = 0; index < large; index++) master.addFramework({ roles: [`large${index}`] });
  });
  for (let index = 0; index < small; index++) {
    master.allocator.setQuota(master.now, master.role(`small${index}`), SMALL);
  }
  for (let index = 0; index < large; index++) {
    master.allocator.setQuota(master.now, master.role(`large${index}`), LARGE);
  }
  master.resume();
  return rounds('W4a', master, { addFrameworksMs: adding.cpuSumMs });
}

/** W4b (upstream NonQuotaVsQuota): two frameworks in each role, and quota of two whole agents for each, or none. */
export function w4QuotaOrNot(roles: number, hasQuota: boolean): AllocatorRow[] {
  const master = new BenchMaster();
  addAgents(master, 2 * roles);
  master.pause();
  for (let index = 0; index < 2 * roles; index++) master.addFramework({ roles: [`role${index % roles}`] });
  if (hasQuota) {
    for (let index = 0; index < roles; index++) {
      master.allocator.setQuota(master.now, master.role(`role${index}`), TWO_AGENTS);
    }
  }
  master.resume();
  return rounds(hasQuota ? 'W4b quota' : 'W4b no quota', master, {});
}

/** A cycle, another without any answer, and everything back without filters. Offers are those of the first kind, together. */
function rounds(
  workload: string,
  master: BenchMaster,
  more: Readonly<Record<string, number>>,
): AllocatorRow[] {
  const [full, following] = [new Stopwatch(), new Stopwatch()];
  const made = { full: 0, following: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    made.full += master.cycle(full);
    made.following += master.cycle(following);
    master.returnAll();
  }
  return [
    master.row(`${workload} full`, made.full, { ...more, offersPerCycle: made.full / ROUNDS }, full),
    master.row(`${workload} following`, made.following, {}, following),
  ];
}
