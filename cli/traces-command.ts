import { Table } from 'console-table-printer';
import {
  CONVERSION_TARGETS,
  type ConversionTarget,
  convertTrace,
  inspectTrace,
  listTraces,
  type ReadOptions,
  type TraceInspection,
} from '../traces/index.ts';
import { clockText } from './quantity-arguments.ts';
import { UsageError } from './usage-error.ts';

/** `orrery traces list`. */
export function tracesList(json: boolean, out: (line: string) => void): void {
  const { samples, generators, formats } = listTraces();
  if (json) {
    out(JSON.stringify({ samples, generators, formats }));
    return;
  }
  out('Bundled samples (--trace NAME):');
  for (const sample of samples) out(`  ${sample.name.padEnd(24)} ${sample.format}`);
  out('');
  out('Generators (--trace NAME, parameters by --assume):');
  for (const one of generators) {
    out(`  ${one.name.padEnd(24)} ${one.title}`);
    for (const parameter of one.parameters) {
      out(
        `      ${parameter.name}=${parameter.fallback ?? `(required, e.g. ${parameter.example})`}  ${parameter.meaning}`,
      );
    }
  }
  out('');
  out('Formats (--trace PATH, --format NAME where it cannot be told from the data):');
  for (const one of formats) {
    out(`  ${one.name.padEnd(24)} ${one.title}`);
    for (const spec of one.assumptions) {
      out(`      ${spec.name}=${spec.fallback ?? `(required, e.g. ${spec.example})`}  ${spec.meaning}`);
    }
  }
}

/** `orrery traces inspect` and `validate`: reads the whole trace. */
export async function tracesInspect(
  trace: string,
  options: ReadOptions,
  show: 'inspect' | 'validate',
  json: boolean,
  out: (line: string) => void,
): Promise<void> {
  const found = await inspectTrace(trace, options);
  if (json) {
    out(JSON.stringify(found));
    return;
  }
  const { report } = found;
  if (show === 'validate') {
    const skipped = report.skippedRows === 0 ? '' : `, ${rowsText(report.skippedRows)} left out`;
    out(
      `${found.name}: valid ${found.format}, ${report.rows} rows, ${report.jobs} jobs, ${report.tasks} tasks${skipped}`,
    );
    return;
  }
  for (const line of inspectionLines(found)) out(line);
}

function inspectionLines(found: TraceInspection): string[] {
  const { report, load, cluster } = found;
  const lines = [
    `trace       ${found.name} (${found.format})`,
    `rows        ${report.rows}`,
    `jobs        ${report.jobs}, ${found.gangs} of them gangs`,
    `tasks       ${report.tasks}`,
    `users       ${found.users}`,
    `arrivals    ${found.firstArrival === null ? 'none' : `${clockText(found.firstArrival)} to ${clockText(found.lastArrival!)}`}`,
    `load        ${fixed(load.cpuHours)} CPU hours, ${fixed(load.memGibHours)} GiB hours, ${fixed(load.gpuHours)} GPU hours`,
  ];
  for (const { reason, rows } of report.skippedReasons)
    lines.push(`left out    ${rowsText(rows)}: ${reason}`);
  if (cluster !== null) {
    const size = `${cluster.machines} machines, ${fixed(cluster.cpus)} cpus, ${fixed(cluster.memGib)} GiB, ${fixed(cluster.gpus)} gpus`;
    lines.push(`cluster     ${cluster.name}: ${size}, ${cluster.events} machine events`);
  }
  if (found.oversized !== null && found.oversized.jobs > 0) {
    lines.push(
      `oversized   ${found.oversized.jobs} jobs fit no machine, such as ${found.oversized.examples.join(', ')}`,
    );
  }
  for (const line of found.assumptions) lines.push(`assumed     ${line}`);
  const table = new Table({
    shouldDisableColors: !process.stdout.isTTY,
    columns: [
      { name: 'role', alignment: 'left' },
      { name: 'jobs', alignment: 'right' },
      { name: 'tasks', alignment: 'right' },
      { name: 'cpu hours', alignment: 'right' },
      { name: 'gpu hours', alignment: 'right' },
    ],
  });
  for (const role of found.roles) {
    const { jobs, tasks } = role;
    table.addRow({
      role: role.role,
      jobs,
      tasks,
      'cpu hours': fixed(role.cpuHours),
      'gpu hours': fixed(role.gpuHours),
    });
  }
  return [...lines, ...table.render().split('\n')];
}

function rowsText(count: number): string {
  return `${count} ${count === 1 ? 'row' : 'rows'}`;
}

function fixed(value: number): string {
  return value.toFixed(value >= 100 ? 0 : 1);
}

/** `orrery traces convert`. */
export async function tracesConvert(
  trace: string,
  target: string,
  path: string,
  options: ReadOptions,
  json: boolean,
  out: (line: string) => void,
): Promise<void> {
  const known = CONVERSION_TARGETS.find((one) => one === target);
  if (known === undefined)
    throw new UsageError(`--to ${target}: expected one of ${CONVERSION_TARGETS.join(', ')}`);
  const conversion = await convertTrace(trace, options, known satisfies ConversionTarget, path);
  if (json) {
    out(JSON.stringify(conversion));
    return;
  }
  out(`wrote ${conversion.files.join(', ')}`);
  for (const loss of conversion.losses) out(`not kept    ${loss}`);
}
