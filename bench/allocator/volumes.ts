import type { Framework } from '../../engine/master/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { amounts, statically, volume } from './shapes.ts';

const ROUNDS = 6;
const TEST_ROLE = 'test';

/**
 * W5 (upstream PersistentVolumes): every agent is reserved to one role and has a persistent volume, of which all, every second, or none is
 * shared. A shared volume stays available after it was offered.
 */
export function w5(agents: number, frameworks: number, kind: 'regular' | 'shared' | 'mixed'): AllocatorRow[] {
  const master = new BenchMaster();
  for (let framework = 0; framework < frameworks; framework++) {
    master.addFramework({ roles: [TEST_ROLE], capabilities: kind === 'regular' ? [] : ['SHARED_RESOURCES'] });
  }
  const reserved = statically(TEST_ROLE);
  for (let agent = 0; agent < agents; agent++) {
    const isShared = kind === 'shared' || (kind === 'mixed' && agent % 2 === 0);
    const total = amounts({ cpus: 24, mem: 4_096, disk: 3_072, ports: 'all' }, reserved).plus(
      volume(TEST_ROLE, `${agent}`, 1_024, isShared),
    );
    const inUse = amounts({ cpus: 16, mem: 1_024, disk: 1_024, ports: 'fragmented' }, reserved);
    master.addAgent(total, [{ framework: (agent % frameworks) as Framework, role: '*', resources: inUse }]);
  }
  let offers = 0;
  for (let round = 0; round < ROUNDS; round++) {
    master.returnAll();
    offers += master.cycle();
  }
  return [master.row(`W5 ${kind} volumes`, offers, { offersPerCycle: offers / ROUNDS })];
}
