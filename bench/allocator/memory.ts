import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { WHOLE_AGENT } from './declining.ts';
import { amounts } from './shapes.ts';

/** What an agent and a framework cost, everything offered once; the agents' own resources are not the allocator's and are left out. */
export function memory(agents: number, frameworks: number): AllocatorRow[] {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const totals = Array.from({ length: agents }, () => amounts(WHOLE_AGENT));
  const master = new BenchMaster();
  const atFirst = held();
  for (const total of totals) master.addAgent(total, []);
  const withAgents = held();
  master.pause();
  for (let framework = 0; framework < frameworks; framework++) {
    master.addFramework({ roles: [`role${framework}`] });
  }
  const withFrameworks = held();
  master.resume();
  const offers = master.cycle();
  master.returnAll();
  master.cycle();
  master.offers = [];
  const afterCycles = held();
  return [
    master.row('memory', offers, {
      bytesPerAgent: (withAgents - atFirst) / agents,
      bytesPerFrameworkAndRole: (withFrameworks - withAgents) / frameworks,
      bytesPerAgentOffered: (afterCycles - withFrameworks) / agents,
    }),
  ];
}
