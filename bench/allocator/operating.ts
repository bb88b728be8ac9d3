import type { Agent, Framework } from '../../engine/master/index.ts';
import { Rng } from '../../engine/core/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { amounts, dynamically } from './shapes.ts';
import { Stopwatch } from './stopwatch.ts';

const OPERATIONS = 20;
const WORD_LENGTH = 36;

/**
 * W9 (upstream UpdateAllocation): one agent, all of it allocated, four reservations with a label for each role; one framework gives up its
 * reservations and makes them again.
 */
export function w9(roles: number): AllocatorRow[] {
  const master = new BenchMaster();
  const rng = Rng.forPurpose(1, 'bench.words');
  const used: { framework: Framework; role: string; resources: Resources }[] = [];
  for (let index = 0; index < roles; index++) {
    const role = `role-${word(rng)}`;
    master.addFramework({ roles: [role] });
    const reservation = dynamically(role, [{ key: word(rng), value: word(rng) }]);
    const resources = amounts({ cpus: 100, mem: 100, disk: 100, ports: [{ begin: 2, end: 2 }] }, reservation);
    used.push({ framework: index as Framework, role, resources });
  }
  const total = used.reduce((sum, { resources }) => sum.plus(resources), Resources.EMPTY);
  master.addAgent(total, used);
  const { framework, role, resources } = used[0]!;
  const [unreserving, reserving] = [new Stopwatch(), new Stopwatch()];
  const { allocator, now } = master;
  const agent = 0 as Agent;
  const bare = resources.toUnreserved();
  for (let time = 0; time < OPERATIONS; time++) {
    unreserving.time(() =>
      allocator.updateAllocation(now, framework, master.role(role), agent, resources, [
        { type: 'UNRESERVE', resources },
      ]),
    );
    reserving.time(() =>
      allocator.updateAllocation(now, framework, master.role(role), agent, bare, [
        { type: 'RESERVE', source: Resources.EMPTY, resources },
      ]),
    );
  }
  return [
    master.row('W9 unreserve', 0, { resources: total.entries.length }, unreserving),
    master.row('W9 reserve', 0, {}, reserving),
  ];
}

function word(rng: Rng): string {
  return Array.from({ length: WORD_LENGTH }, () => String.fromCharCode(97 + rng.below(26))).join('');
}
