import { MICROS_PER_SECOND, type Micros, micros, milli, Rng, ZERO_MILLI } from '../../engine/core/index.ts';
import type { MachineEvent, MachineSpec } from '../../engine/workload/index.ts';
import { naturalLog } from '../generators/natural-log.ts';
import type { Assumptions, AssumptionSpec } from '../model/assumptions.ts';
import type { ReadOptions } from '../model/read-options.ts';
import { replayEvents } from '../model/replay.ts';
import { Shapes } from '../model/shapes.ts';
import { Tally } from '../model/tally.ts';
import { TraceError } from '../model/trace-error.ts';
import type { Cluster } from '../model/workload.ts';
import { owned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readWholeTable, type TableLayout } from '../text/table.ts';
import { companion, hasHeader, type TraceSource, type TraceSourceFile } from './format.ts';

const SHAPES: TableLayout = {
  separator: ',',
  columns: ['cpu', 'memory', 'number_of_machines'],
  naming: 'header',
  required: 3,
  strangers: 'ignored',
};
const REMOVALS: TableLayout = {
  separator: ',',
  columns: ['time_us', 'machine_id', 'cpus', 'memory'],
  naming: 'header',
  required: 4,
  strangers: 'ignored',
};
const NEVER_RETURNED: TableLayout = {
  separator: ',',
  columns: ['machine_id', 'last_removal_us'],
  naming: 'header',
  required: 2,
  strangers: 'ignored',
};

/** The trace's window begins here; earlier times mean "before" (spec traces.md §1). */
export const WINDOW_START = 600 * MICROS_PER_SECOND;

export const MACHINE_ASSUMPTIONS: readonly AssumptionSpec[] = [
  {
    name: 'unit-cpus',
    meaning: 'cpus of the largest machine: the trace gives fractions of it',
    fallback: null,
    example: '16',
  },
  {
    name: 'unit-mem',
    meaning: 'memory of the largest machine: the trace gives fractions of it',
    fallback: null,
    example: '64GiB',
  },
  {
    name: 'repair-time',
    meaning: 'mean seconds from a removal to the return of the machine (the table has no returns)',
    fallback: '1800',
    example: '1800',
  },
  {
    name: 'repair-distribution',
    meaning: 'distribution of repair times: exponential, or fixed',
    fallback: 'exponential',
    example: 'fixed',
  },
];

/** The fleet by shapes, with its removals if they are there; null without `machine_shapes.csv`. */
export async function readGoogleCluster(
  source: TraceSource,
  assumptions: Assumptions,
  options: ReadOptions,
): Promise<Cluster | null> {
  const shapes = companion(source, (file) => hasHeader(file, SHAPES.columns));
  if (shapes === null) return null;
  assumptions.require(['unit-cpus', 'unit-mem']);
  const fleet = await readFleet(shapes, assumptions);
  const removals = companion(source, (file) => hasHeader(file, REMOVALS.columns));
  const notes = [`machines: ${shapes.name}, shapes as fractions of the largest machine`];
  let events: MachineEvent[] = [];
  if (removals === null) {
    notes.push('no machine fails: there is no table of removals');
  } else {
    events = await readEvents(source, removals, fleet, assumptions, options, notes);
  }
  return {
    name: `${fleet.machines.length} machines of ${shapes.name}`,
    machines: fleet.machines,
    events: replayEvents(events, options),
    assumptions: notes,
  };
}

interface Fleet {
  readonly machines: MachineSpec[];
  /** Machines not yet bound to an id of the trace, by shape; the next one is taken from the end. */
  readonly unbound: Map<string, number[]>;
}

async function readFleet(file: TraceSourceFile, assumptions: Assumptions): Promise<Fleet> {
  const unitCpus = assumptions.milli('unit-cpus', 10);
  const unitMem = assumptions.mebibytes('unit-mem', 1_000);
  const shapes = new Shapes();
  const fleet: Fleet = { machines: [], unbound: new Map() };
  await readWholeTable(file, SHAPES, new Tally('strict'), (row) => {
    const cpus = fraction(row, 0);
    const mem = fraction(row, 1);
    const count = row.count(2, 0, 10_000_000);
    const resources = shapes.of(
      milli(Math.round(unitCpus * cpus)),
      milli(Math.round(unitMem * mem)),
      ZERO_MILLI,
      ZERO_MILLI,
    );
    const unbound: number[] = [];
    for (let index = 0; index < count; index++) {
      unbound.push(fleet.machines.length);
      fleet.machines.push({
        name: `machine-${fleet.machines.length}`,
        resources,
        attributes: [],
        domain: null,
      });
    }
    fleet.unbound.set(shapeKey(cpus, mem), unbound.reverse());
    return null;
  });
  return fleet;
}

interface Removal {
  readonly at: Micros;
  readonly machine: number;
  readonly id: string;
}

async function readEvents(
  source: TraceSource,
  file: TraceSourceFile,
  fleet: Fleet,
  assumptions: Assumptions,
  options: ReadOptions,
  notes: string[],
): Promise<MachineEvent[]> {
  const bound = new Map<string, number>();
  let previous = 0;
  const removals = await readWholeTable(file, REMOVALS, new Tally('strict'), (row): Removal => {
    const at = row.count(0, WINDOW_START) - WINDOW_START;
    if (at < previous) throw row.bad(0, 'rows in order of time');
    previous = at;
    const id = owned(row.nonEmpty(1));
    return { at: micros(at), machine: bind(row, id, fleet, bound, file), id };
  });
  const gone = await readNeverReturned(source);
  const repair = repairTimes(assumptions, options.seed);
  const last = new Map<number, Removal>();
  for (const removal of removals) last.set(removal.machine, removal);
  const next = nextRemovals(removals);
  const events: MachineEvent[] = [];
  removals.forEach((removal, index) => {
    events.push({ kind: 'REMOVED', at: removal.at, machine: removal.machine });
    const drawn = repair();
    if (last.get(removal.machine) === removal && gone.has(removal.id)) return;
    // The trace removes it again later, so it was back by then: half way at the latest.
    const gap = next[index]! < 0 ? Number.POSITIVE_INFINITY : removals[next[index]!]!.at - removal.at;
    const at = micros(removal.at + Math.max(1, Math.min(drawn, Math.floor(gap / 2))));
    events.push({ kind: 'ADDED', at, machine: removal.machine });
  });
  notes.push(
    `removals: ${file.name}; a machine of its shape stands for each machine id; repaired after repair-time=${assumptions.text('repair-time')} s on average (${assumptions.text('repair-distribution')}), before its next removal at the latest; ${gone.size} never return`,
  );
  return events.sort((left, right) => left.at - right.at);
}

/** For each removal the index of the same machine's next one, or -1. */
function nextRemovals(removals: readonly Removal[]): Int32Array {
  const next = new Int32Array(removals.length).fill(-1);
  const later = new Map<number, number>();
  for (let index = removals.length - 1; index >= 0; index--) {
    const { machine } = removals[index]!;
    next[index] = later.get(machine) ?? -1;
    later.set(machine, index);
  }
  return next;
}

function bind(row: Row, id: string, fleet: Fleet, bound: Map<string, number>, file: TraceSourceFile): number {
  const known = bound.get(id);
  if (known !== undefined) return known;
  const unbound = fleet.unbound.get(shapeKey(fraction(row, 2), fraction(row, 3)));
  const machine = unbound?.pop() ?? anyUnbound(fleet);
  if (machine === null) {
    throw new TraceError(`machine ${id} is one more than machine_shapes.csv has, expected at most as many`, {
      file: file.shown,
      line: row.line,
    });
  }
  bound.set(id, machine);
  return machine;
}

/** A machine whose shape changed during the trace may be of none in the table: any free one stands for it. */
function anyUnbound(fleet: Fleet): number | null {
  for (const unbound of fleet.unbound.values()) {
    const machine = unbound.pop();
    if (machine !== undefined) return machine;
  }
  return null;
}

async function readNeverReturned(source: TraceSource): Promise<ReadonlySet<string>> {
  const file = companion(source, (candidate) => hasHeader(candidate, NEVER_RETURNED.columns));
  if (file === null) return new Set();
  return new Set(
    await readWholeTable(file, NEVER_RETURNED, new Tally('strict'), (row) => owned(row.nonEmpty(0))),
  );
}

function repairTimes(assumptions: Assumptions, seed: number): () => number {
  const mean = assumptions.seconds('repair-time');
  if (assumptions.choice('repair-distribution', ['exponential', 'fixed']) === 'fixed') return () => mean;
  const rng = Rng.forPurpose(seed, 'google-2011/repairs');
  return () => Math.max(1, Math.round(-naturalLog(1 - rng.unit()) * mean));
}

/** In (0, 1]; rounded to three decimals by the trace's publisher or by the table, so compared at that. */
function fraction(row: Row, column: number): number {
  const value = Number(row.nonEmpty(column));
  if (!(value > 0 && value <= 1)) throw row.bad(column, 'a fraction above 0, up to 1');
  return value;
}

function shapeKey(cpus: number, mem: number): string {
  return `${Math.round(cpus * 1_000)}/${Math.round(mem * 1_000)}`;
}
