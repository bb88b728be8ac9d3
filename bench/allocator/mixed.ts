import { milli } from '../../engine/core/index.ts';
import type { AllocationTiming } from '../../engine/master/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster, type BenchOffer } from './bench-master.ts';
import { amounts } from './shapes.ts';

/** A framework's load, and what it still has to launch. */
interface Load {
  readonly task: Resources;
  readonly perOffer: number;
  left: number;
}

/** How many of each kind, how many tasks each, and how often nothing may happen before it is called a standstill. */
export interface MixedShape {
  readonly agents: number;
  readonly bulk: { readonly frameworks: number; readonly tasks: number };
  readonly single: { readonly frameworks: number; readonly tasks: number };
  readonly spread: { readonly frameworks: number; readonly tasks: number };
  readonly idleRounds: number;
}

export const UPSTREAM_MIX: MixedShape = {
  agents: 80,
  bulk: { frameworks: 4, tasks: 4_000 },
  single: { frameworks: 500, tasks: 5 },
  spread: { frameworks: 50, tasks: 20 },
  idleRounds: 2_000,
};

/**
 * W8 (upstream MultiFrameworkAllocations): each offer is answered by launching what fits under a cap and returning the rest without a filter.
 * Under Mesos's rules it stands still before all is launched: who has nothing to launch returns everything and stays the neediest. With timing
 * `event` decliners are guarded against, and all is launched.
 */
export function w8(shape: MixedShape, timing: AllocationTiming = 'mesos'): AllocatorRow[] {
  const master = new BenchMaster(timing);
  for (let agent = 0; agent < shape.agents; agent++) master.addAgent(amounts({ cpus: 64, mem: 488_000 }), []);
  master.pause();
  const loads: Load[] = [];
  const enter = (role: string, cpus: number, mem: number, perOffer: number, tasks: number): void => {
    master.addFramework({ roles: [role] });
    loads.push({ task: amounts({ cpus, mem }), perOffer, left: tasks });
  };
  for (let index = 1; index <= shape.bulk.frameworks; index++)
    enter(`roleA-${index}`, 0.07, 400, 100, shape.bulk.tasks);
  for (let index = 1; index <= shape.single.frameworks; index++)
    enter('roleB', 0.1, 4_000, 1, shape.single.tasks);
  for (let index = 1; index <= shape.spread.frameworks; index++)
    enter(`roleC-${index}`, 1, 1_000, 5, shape.spread.tasks);
  master.resume();
  const target = loads.reduce((sum, load) => sum + load.left, 0);
  let launched = 0;
  let lastLaunch = 0;
  let round = 0;
  let offers = 0;
  for (; launched < target && round - lastLaunch <= shape.idleRounds; round++) {
    offers += master.cycle();
    const before = launched;
    for (const offer of master.offers) launched += answer(master, offer, loads[offer.framework]!);
    master.offers = [];
    if (launched > before) lastLaunch = round;
  }
  master.noteFact(launched);
  return [
    master.row(
      timing === 'mesos' ? 'W8 mixed frameworks' : 'W8 mixed frameworks, decliners guarded',
      offers,
      {
        launched,
        target,
        lastLaunchRound: lastLaunch,
        rounds: round,
      },
    ),
  ];
}

/** Launches what fits; what is left of the offer goes back. Answers how many tasks were launched. */
function answer(master: BenchMaster, offer: BenchOffer, load: Load): number {
  const { task } = load;
  const { cpus, mem } = offer.resources;
  const fitting = Math.min(Math.floor(cpus / task.cpus), Math.floor(mem / task.mem));
  const count = Math.min(fitting, load.perOffer, load.left);
  load.left -= count;
  const used = Resources.ofScalars({ cpus: milli(count * task.cpus), mem: milli(count * task.mem) });
  const rest = offer.resources.minus(used);
  if (!rest.isEmpty) master.giveBack(offer, rest);
  return count;
}
