import type { Summary } from '../summary.ts';
import {
  formatCompact,
  formatCount,
  formatDuration,
  formatInstant,
  formatMebibytes,
  formatNumber,
  formatPercent,
  formatPlural,
} from '../units.ts';
import { type Html, html } from './html.ts';

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

/** The numbers to see first. */
export function keyFigures(summary: Summary): Html {
  return html`<dl class="figures">${figures(summary).map(
    (figure) =>
      html`<div class="figure"><dt>${figure.name}</dt><dd class="value">${figure.value}</dd><dd class="detail">${figure.detail}</dd></div>`,
  )}</dl>`;
}

function figures(summary: Summary): Figure[] {
  const { jobs, tasks, offers } = summary.counts;
  const { byState } = jobs;
  const list: Figure[] = [
    {
      name: 'Virtual time',
      value: formatDuration(summary.virtual.spanSeconds),
      detail:
        summary.makespanSeconds === null
          ? 'no job ended'
          : `makespan ${formatInstant(Math.round(summary.makespanSeconds))}`,
    },
    {
      name: 'Jobs finished',
      value: formatCount(byState.FINISHED),
      detail: `of ${formatCount(jobs.total)}${unhappyJobs(summary)}`,
    },
    {
      name: 'Task attempts',
      value: formatCompact(tasks.attempts),
      detail: `${formatCount(tasks.attempts - (tasks.byState['TASK_FINISHED'] ?? 0))} not finished, ${formatPlural(tasks.retries, 'retry', 'retries')}`,
    },
    {
      name: 'Machines',
      value: formatCount(summary.cluster.machines),
      detail: clusterText(summary),
    },
  ];
  const used = [
    ['CPU in use', summary.utilisation.cpus],
    ['Memory in use', summary.utilisation.mem],
    ['GPU in use', summary.utilisation.gpus],
  ] as const;
  for (const [name, mean] of used) {
    if (mean !== null) list.push({ name, value: formatPercent(mean), detail: 'mean over the run' });
  }
  if (summary.wait.count > 0) {
    list.push({
      name: 'Median wait',
      value: formatDuration(summary.wait.p50),
      detail: `95 % within ${formatDuration(summary.wait.p95)}`,
    });
  }
  if (summary.boundedSlowdown.count > 0) {
    list.push({
      name: 'Median slowdown',
      value: formatNumber(summary.boundedSlowdown.p50),
      detail: `bounded; 95 % within ${formatNumber(summary.boundedSlowdown.p95)}`,
    });
  }
  if (summary.roles.length > 1) {
    list.push({
      name: 'Unfairness',
      value: formatPercent(summary.fairness.deviationMean),
      detail: `mean distance from fair share, ${formatPlural(summary.roles.length, 'role', 'roles')}`,
    });
  }
  list.push(
    {
      name: 'Offers made',
      value: formatCompact(offers.made),
      detail: offers.made === 0 ? 'none' : `${formatPercent(offers.accepted / offers.made)} accepted`,
    },
    {
      name: 'Faults',
      value: formatCount(summary.counts.faults),
      detail:
        summary.counts.faults === 0
          ? 'none'
          : `of ${formatPlural(Object.keys(summary.counts.faultKinds).length, 'kind', 'kinds')}`,
    },
    {
      name: 'Computed in',
      value: formatDuration(summary.timing.wallSeconds),
      detail: `${formatDuration(summary.timing.cpuSeconds)} CPU, ${formatMebibytes(summary.timing.peakRssBytes / 1_048_576)}`,
    },
  );
  return list;
}

/** What became of jobs that did not finish, as far as there are any. */
function unhappyJobs(summary: Summary): string {
  const { FAILED, REFUSED, UNFINISHED } = summary.counts.jobs.byState;
  let text = '';
  if (FAILED > 0) text += `, ${formatCount(FAILED)} failed`;
  if (REFUSED > 0) text += `, ${formatCount(REFUSED)} refused`;
  if (UNFINISHED > 0) text += `, ${formatCount(UNFINISHED)} unfinished`;
  return text;
}

function clusterText(summary: Summary): string {
  const { cpus, mem, gpus } = summary.cluster;
  const parts = [formatPlural(cpus, 'core', 'cores'), formatMebibytes(mem)];
  if (gpus > 0) parts.push(formatPlural(gpus, 'GPU', 'GPUs'));
  return parts.join(', ');
}
