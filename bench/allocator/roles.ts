import type { AllocatorRow } from './allocator-row.ts';
import { BenchMaster } from './bench-master.ts';
import { WHOLE_AGENT } from './declining.ts';
import { amounts } from './shapes.ts';
import { Stopwatch } from './stopwatch.ts';

const ROUNDS = 6;

/** What W7 varies. */
export interface RolesShape {
  readonly agents: number;
  readonly frameworks: number;
  readonly roles: number;
  readonly nested: boolean;
}

/** Wholly free agents, and frameworks in many roles; `registering` times the frameworks' registration, nothing being offered meanwhile. */
export function rolesCluster(shape: RolesShape, registering: Stopwatch): BenchMaster {
  const master = new BenchMaster();
  for (let agent = 0; agent < shape.agents; agent++) master.addAgent(amounts(WHOLE_AGENT), []);
  master.pause();
  const names = Array.from({ length: shape.roles }, (_, role) =>
    shape.nested ? `org${Math.floor(role / 10)}/team${role % 10}` : `role${role}`,
  );
  registering.time(() => {
    for (let framework = 0; framework < shape.frameworks; framework++) {
      master.addFramework({ roles: [names[framework % shape.roles]!] });
    }
  });
  master.resume();
  return master;
}

/** W7 (our own): a cycle that offers every agent, one that finds nothing, and everything back without filters. */
export function w7(shape: RolesShape): AllocatorRow[] {
  const [registering, full, idle] = [new Stopwatch(), new Stopwatch(), new Stopwatch()];
  const master = rolesCluster(shape, registering);
  const made = { full: 0, idle: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    made.full += master.cycle(full);
    made.idle += master.cycle(idle);
    master.returnAll();
  }
  const workload = shape.nested ? 'W7 nested' : 'W7';
  return [
    master.row(`${workload} full`, made.full, { offersPerCycle: made.full / ROUNDS }, full),
    master.row(`${workload} idle`, made.idle, {}, idle),
    master.row(`${workload} registering all`, 0, {}, registering),
  ];
}

/** A full cycle of W7 when only so many percent of the agents came back since the last. */
export function w7Dirty(shape: RolesShape, percent: number): AllocatorRow[] {
  const master = rolesCluster(shape, new Stopwatch());
  const dirty = Math.ceil((shape.agents * percent) / 100);
  master.cycle(new Stopwatch());
  const before = master.made;
  for (let round = 0; round < 2 * ROUNDS; round++) {
    master.returnBelow(dirty);
    master.cycle();
  }
  return [master.row(`growth, ${percent} % returned`, master.made - before, { dirty })];
}

/** W7 in one role, for how its cost grows with agents and frameworks. */
export function growthOf(agents: number, frameworks: number): AllocatorRow[] {
  const [registering, full, idle] = [new Stopwatch(), new Stopwatch(), new Stopwatch()];
  const roles = Math.max(1, Math.floor(frameworks / 10));
  const master = rolesCluster({ agents, frameworks, roles, nested: false }, registering);
  let offers = 0;
  for (let round = 0; round < ROUNDS; round++) {
    offers += master.cycle(full);
    master.cycle(idle);
    master.returnAll();
  }
  const { cpuMs } = idle.summary();
  return [
    master.row('growth, full cycle', offers, { idleCpuMs: cpuMs, registeringMs: registering.cpuSumMs }, full),
  ];
}
