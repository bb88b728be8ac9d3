import type { Agent, Framework } from '../../engine/master/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { amounts, dynamically } from './shapes.ts';
import { Stopwatch } from './stopwatch.ts';

export const WHOLE_AGENT = { cpus: 24, mem: 4_096, disk: 4_096, ports: 'all' } as const;
const IN_USE = { cpus: 16, mem: 2_014, disk: 1_024, ports: 'fragmented' } as const;
const FIRST_ROUNDS = 7;
const IDLE_CYCLES = 10;

/** What is declined in: agents whose resources are partly in use by the frameworks in turn. */
function declinedCluster(
  agents: number,
  frameworks: number,
  role: string,
  inUse: (agent: number) => Resources,
) {
  const master = new BenchMaster();
  for (let framework = 0; framework < frameworks; framework++) master.addFramework({ roles: [role] });
  for (let agent = 0; agent < agents; agent++) {
    const framework = (agent % frameworks) as Framework;
    master.addAgent(amounts(WHOLE_AGENT), [{ framework, role, resources: inUse(agent) }]);
  }
  return master;
}

function w2Cluster(agents: number, frameworks: number): BenchMaster {
  return declinedCluster(agents, frameworks, '*', () => amounts(IN_USE));
}

/** W3: two dynamic reservations with labels are in use, of cpus that the agent's total knows nothing of. */
function w3Cluster(agents: number, frameworks: number): BenchMaster {
  const common = Array.from({ length: 11 }, (_, index) => ({ key: `key${index}`, value: `value${index}` }));
  return declinedCluster(agents, frameworks, 'role1', (agent) => {
    const unique = ['unique_key_1', 'unique_key_2'].map((key) => ({ key, value: `value_${agent}` }));
    return amounts({ mem: 2_014, disk: 1_024, ports: 'fragmented' })
      .plus(amounts({ cpus: 8 }, dynamically('role1', [...common, ...unique])))
      .plus(amounts({ cpus: 8 }, dynamically('role1', common)));
  });
}

/** W2, the first rounds (upstream DeclineOffers): every offer is declined for a year, then a cycle offers the agents to others. */
export function w2FirstRounds(agents: number, frameworks: number): AllocatorRow[] {
  return firstRounds('W2 first rounds', w2Cluster(agents, frameworks));
}

/** W3 (upstream ResourceLabels), the first rounds. */
export function w3FirstRounds(agents: number, frameworks: number): AllocatorRow[] {
  return firstRounds('W3 first rounds', w3Cluster(agents, frameworks));
}

function firstRounds(workload: string, master: BenchMaster): AllocatorRow[] {
  let offers = 0;
  for (let round = 0; round < FIRST_ROUNDS; round++) {
    master.declineAll();
    offers += master.cycle();
  }
  return [master.row(workload, offers)];
}

/** W2 once every framework declined every agent: cycles that offer nothing. */
export function w2AllDeclined(agents: number, frameworks: number): AllocatorRow[] {
  return allDeclined('W2 all declined', w2Cluster(agents, frameworks));
}

/** W3 once every framework declined every agent. */
export function w3AllDeclined(agents: number, frameworks: number): AllocatorRow[] {
  return allDeclined('W3 all declined', w3Cluster(agents, frameworks));
}

/** Declines until no offer is made any more. */
function declineEverything(master: BenchMaster): void {
  const rounds = new Stopwatch();
  do master.declineAll();
  while (master.cycle(rounds) > 0);
}

function allDeclined(workload: string, master: BenchMaster): AllocatorRow[] {
  declineEverything(master);
  const before = master.made;
  for (let cycle = 0; cycle <= IDLE_CYCLES; cycle++) master.cycle();
  const filters = master.allocator.metrics().offerFiltersActive;
  return [master.row(workload, master.made - before, { filters })];
}

/**
 * W2 with every pair compared again in each cycle although none finds a taker: agents are taken out and put back in, so that what is free is
 * the value that was refused (`same`); or what is in use there is booked anew, so that it is another, equal value (`equal`).
 */
export function w2Compared(
  agents: number,
  frameworks: number,
  values: 'same' | 'equal',
  percent: number,
): AllocatorRow[] {
  const master = w2Cluster(agents, frameworks);
  declineEverything(master);
  const dirty = Math.ceil((agents * percent) / 100);
  const inUse = amounts(IN_USE);
  const before = master.made;
  for (let cycle = 0; cycle <= IDLE_CYCLES; cycle++) {
    for (let agent = 0; agent < dirty; agent++) {
      if (values === 'same') {
        master.allocator.deactivateAgent(master.now, agent as Agent);
        master.allocator.activateAgent(master.now, agent as Agent);
      } else {
        const framework = (agent % frameworks) as Framework;
        master.allocator.updateAllocation(master.now, framework, master.role('*'), agent as Agent, inUse, []);
      }
    }
    master.cycle();
  }
  return [master.row(`W2 ${values} values, ${percent} %`, master.made - before, { dirty })];
}

/** The whole upstream run: twice as many rounds as frameworks, the last half of which offer nothing. */
export function w2WholeRun(agents: number, frameworks: number): AllocatorRow[] {
  const master = w2Cluster(agents, frameworks);
  for (let round = 0; round < 2 * frameworks; round++) {
    master.declineAll();
    master.cycle();
  }
  // The agents were offered once before the first round.
  return [
    master.row('W2 whole run', master.made - agents, {
      rounds: 2 * frameworks,
      cyclesSeconds: master.cycles.cpuSumMs / 1e3,
      declinesSeconds: master.declines.cpuSumMs / 1e3,
      totalSeconds: (master.cycles.cpuSumMs + master.declines.cpuSumMs) / 1e3,
    }),
  ];
}
