import type { Framework } from '../../engine/master/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { WHOLE_AGENT } from './declining.ts';
import { amounts } from './shapes.ts';
import { Stopwatch } from './stopwatch.ts';

const ROUNDS = 5;
const IN_USE = { cpus: 16, mem: 1_024, disk: 1_024, ports: 'fragmented' } as const;

function cluster(agents: number, frameworks: number, isPartlyInUse: boolean): BenchMaster {
  const master = new BenchMaster();
  for (let framework = 0; framework < frameworks; framework++) master.addFramework({ roles: ['*'] });
  for (let agent = 0; agent < agents; agent++) {
    const framework = (agent % frameworks) as Framework;
    const used = isPartlyInUse ? [{ framework, role: '*', resources: amounts(IN_USE) }] : [];
    master.addAgent(amounts(WHOLE_AGENT), used);
  }
  return master;
}

function suppress(master: BenchMaster, from: number, to: number): void {
  for (let framework = from; framework < to; framework++) {
    master.allocator.suppressOffers(master.now, framework as Framework, []);
  }
}

/** W6: before each of five cycles everything comes back and a further fifth of the frameworks is suppressed; the last has nobody to offer to. */
export function w6Suppress(agents: number, frameworks: number): AllocatorRow[] {
  const master = cluster(agents, frameworks, true);
  const more: Record<string, number> = {};
  let offers = 0;
  for (let round = 0; round < ROUNDS; round++) {
    master.returnAll();
    suppress(master, (frameworks * round) / ROUNDS, (frameworks * (round + 1)) / ROUNDS);
    const cycle = new Stopwatch();
    const made = master.cycles.time(() => master.cycle(cycle));
    offers += made;
    more[`cpuMsAt${20 * (round + 1)}`] = cycle.cpuSumMs;
  }
  return [master.row('W6 suppress by fifths', offers, more)];
}

/** W6: 99 % of the frameworks are suppressed from the start. */
export function w6MostSuppressed(agents: number, frameworks: number): AllocatorRow[] {
  const master = cluster(agents, frameworks, true);
  suppress(master, Math.ceil(frameworks / 100), frameworks);
  let offers = 0;
  for (let round = 0; round < ROUNDS + 1; round++) {
    master.returnAll();
    offers += master.cycle();
  }
  return [master.row('W6 99 % suppressed', offers)];
}

/** W6: everything is offered; each framework revives, and finds nothing. One sample is all of them, with the next tick. */
export function w6ReviveAll(agents: number, frameworks: number): AllocatorRow[] {
  const master = cluster(agents, frameworks, false);
  const before = master.made;
  const ticks = new Stopwatch();
  for (let round = 0; round < ROUNDS + 1; round++) {
    master.cycles.time(() => {
      for (let framework = 0; framework < frameworks; framework++) {
        master.allocator.reviveOffers(master.now, framework as Framework, []);
      }
      master.cycle(ticks);
    });
  }
  return [master.row('W6 revive all', master.made - before)];
}
