import type { Attribute } from '../../engine/protocol/index.ts';
import type { MachineEvent, MachineSpec } from '../../engine/workload/index.ts';
import { decodeText } from '../model/constraint-text.ts';
import {
  MACHINE_COLUMNS,
  MACHINE_EVENT_COLUMNS,
  MACHINE_EVENT_TABLE,
  MACHINE_TABLE,
} from '../model/orrery-schema.ts';
import type { ReadOptions } from '../model/read-options.ts';
import { replayEvents } from '../model/replay.ts';
import { Shapes } from '../model/shapes.ts';
import { Tally } from '../model/tally.ts';
import type { Cluster } from '../model/workload.ts';
import type { TraceFile } from '../text/lines.ts';
import { Interned, owned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readWholeTable } from '../text/table.ts';
import { companion, hasHeader, type TraceSource } from './format.ts';

const MACHINE = 0;
const CPUS = 1;
const MEM = 2;
const DISK = 3;
const GPUS = 4;
const REGION = 5;
const ZONE = 6;
const ATTRIBUTES = 7;

/** machines.csv and machine_events.csv; null without the former. A bad row is an error under either strictness. */
export async function readOrreryCluster(source: TraceSource, options: ReadOptions): Promise<Cluster | null> {
  const file = companion(source, (candidate) =>
    hasHeader(candidate, MACHINE_COLUMNS.slice(0, MACHINE_TABLE.required)),
  );
  if (file === null) return null;
  const indexOf = new Map<string, number>();
  const shapes = new Shapes();
  const texts = new Interned();
  const machines = await readWholeTable(file, MACHINE_TABLE, new Tally('strict'), (row) => {
    const machine = readMachine(row, shapes, texts);
    if (indexOf.has(machine.name)) throw row.bad(MACHINE, 'a name that no machine before it has');
    indexOf.set(machine.name, indexOf.size);
    return machine;
  });
  const eventFile = companion(source, (candidate) => hasHeader(candidate, MACHINE_EVENT_COLUMNS));
  const events = eventFile === null ? [] : await readEvents(eventFile, indexOf);
  return {
    name: `${machines.length} machines`,
    machines,
    events: replayEvents(events, options),
    assumptions: [],
  };
}

function readMachine(row: Row, shapes: Shapes, texts: Interned): MachineSpec {
  const region = row.text(REGION);
  const zone = row.text(ZONE);
  if (region === '' && zone !== '') throw row.bad(REGION, `a region, as zone is "${zone}"`);
  if (region !== '' && zone === '') throw row.bad(ZONE, `a zone, as region is "${region}"`);
  return {
    name: owned(row.nonEmpty(MACHINE)),
    resources: shapes.of(
      row.scalar(CPUS),
      row.scalar(MEM),
      row.optionalScalar(DISK),
      row.optionalScalar(GPUS),
    ),
    attributes: readAttributes(row, texts),
    domain: region === '' ? null : { region: texts.of(region), zone: texts.of(zone) },
  };
}

/** `name=text;name=text`. */
function readAttributes(row: Row, texts: Interned): Attribute[] {
  const text = row.text(ATTRIBUTES);
  if (text === '') return [];
  return text.split(';').map((part) => {
    const mark = part.indexOf('=');
    const name = mark <= 0 ? null : decodeText(part.slice(0, mark));
    const value = decodeText(part.slice(mark + 1));
    if (name === null || value === null) throw row.bad(ATTRIBUTES, 'name=text;name=text');
    return { name: texts.of(name), type: 'TEXT', text: texts.of(value) };
  });
}

function readEvents(file: TraceFile, indexOf: ReadonlyMap<string, number>): Promise<MachineEvent[]> {
  let previous = 0;
  return readWholeTable(file, MACHINE_EVENT_TABLE, new Tally('strict'), (row): MachineEvent => {
    const at = row.seconds(0);
    if (at < previous) throw row.bad(0, 'rows in order of time');
    previous = at;
    const machine = indexOf.get(row.text(1));
    if (machine === undefined) throw row.bad(1, 'the name of a machine of machines.csv');
    const event = row.text(2);
    if (event !== 'ADD' && event !== 'REMOVE') throw row.bad(2, 'ADD or REMOVE');
    return { kind: event === 'ADD' ? 'ADDED' : 'REMOVED', at, machine };
  });
}
