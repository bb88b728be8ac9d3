import type { Agent, Framework } from '../../engine/master/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { amounts, revocableCpus } from './shapes.ts';
import { Stopwatch } from './stopwatch.ts';

const PORTS_IN_USE = [
  { begin: 31_126, end: 31_510 },
  { begin: 31_512, end: 31_623 },
  { begin: 31_810, end: 31_852 },
  { begin: 31_854, end: 31_964 },
];
const IN_USE = { cpus: 1, mem: 128, disk: 1_024, ports: PORTS_IN_USE } as const;
const WHOLE = { cpus: 2, mem: 1_024, disk: 4_096, ports: 'all' } as const;

/**
 * W1 (upstream AddAndUpdateSlave): frameworks are added, then agents that are partly in use, then every agent gains revocable cpus; each
 * agent is offered when it is added and again when it gains. Every step is one sample: its total is what is stated.
 */
export function w1(agents: number, frameworks: number): AllocatorRow[] {
  const master = new BenchMaster();
  const [adding, arriving, gaining] = [new Stopwatch(), new Stopwatch(), new Stopwatch()];
  const infos = Array.from({ length: agents }, (_, agent) => ({
    total: amounts(WHOLE),
    framework: (agent % frameworks) as Framework,
    resources: amounts(IN_USE),
  }));
  const updates = infos.map(({ total }, agent) =>
    master.agentInfo(agent as Agent, total.plus(revocableCpus(10))),
  );
  adding.time(() => {
    for (let framework = 0; framework < frameworks; framework++) {
      master.addFramework({ roles: ['*'], capabilities: ['REVOCABLE_RESOURCES'] });
    }
  });
  arriving.time(() => {
    for (const { total, framework, resources } of infos) {
      master.addAgent(total, [{ framework, role: '*', resources }]);
    }
  });
  const offersOfArrival = master.made;
  gaining.time(() => {
    for (let agent = 0; agent < agents; agent++) {
      master.allocator.updateAgent(master.now, agent as Agent, updates[agent]!);
    }
  });
  const each = (watch: Stopwatch, count: number) => ({ microsEach: (watch.cpuSumMs * 1e3) / count });
  return [
    master.row('W1 add frameworks', 0, each(adding, frameworks), adding),
    master.row('W1 add agents', offersOfArrival, each(arriving, agents), arriving),
    master.row('W1 update agents', master.made - offersOfArrival, each(gaining, agents), gaining),
  ];
}
