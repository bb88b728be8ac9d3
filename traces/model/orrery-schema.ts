import type { TableLayout } from '../text/table.ts';

/** Our own schema (README.md, "The orrery-csv schema"): reader, writer and documentation hold to these lists. */
export const JOB_COLUMNS = [
  'job',
  'arrival',
  'role',
  'user',
  'priority',
  'gang',
  'tasks',
  'duration',
  'cpus',
  'mem',
  'disk',
  'gpus',
  'constraints',
] as const;

export const MACHINE_COLUMNS = [
  'machine',
  'cpus',
  'mem',
  'disk',
  'gpus',
  'region',
  'zone',
  'attributes',
] as const;

export const MACHINE_EVENT_COLUMNS = ['time', 'machine', 'event'] as const;

export const JOB_TABLE: TableLayout = ownTable(JOB_COLUMNS, 10);
export const MACHINE_TABLE: TableLayout = ownTable(MACHINE_COLUMNS, 3);
export const MACHINE_EVENT_TABLE: TableLayout = ownTable(MACHINE_EVENT_COLUMNS, 3);

function ownTable(columns: readonly string[], required: number): TableLayout {
  return { separator: ',', columns, naming: 'header', required, strangers: 'refused' };
}
