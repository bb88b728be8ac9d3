import type { ClusterSample } from '../../engine/workload/index.ts';
import type { CsvRow } from './csv-rows.ts';
import type { CsvSink } from './csv-sink.ts';

export const ROLE_COLUMNS = [
  'at_s',
  'role',
  'dominant_share',
  'fair_share',
  'tasks_running',
  'tasks_queued',
] as const;

const MILLIONTHS = 1_000_000;

/** One row per role that the sample lists. */
export function writeRoles(sink: CsvSink, sample: ClusterSample): void {
  for (const role of sample.roles) {
    sink.millionths(sample.at);
    sink.text(role.role);
    sink.millionths(Math.round(role.dominantShare * MILLIONTHS));
    sink.millionths(Math.round(role.fairShare * MILLIONTHS));
    sink.integer(role.tasksRunning);
    sink.integer(role.tasksQueued);
    sink.endRow();
  }
}

/** A role's shares at an instant, as the file has them. */
export interface RoleRow {
  readonly atSeconds: number;
  readonly role: string;
  readonly dominantShare: number;
  readonly fairShare: number;
}

export function readRole(row: CsvRow): RoleRow {
  return {
    atSeconds: row.number(0),
    role: row.text(1),
    dominantShare: row.number(2),
    fairShare: row.number(3),
  };
}
