import type { Summary } from '../summary.ts';
import { formatCount, formatDuration, formatInstant, formatMebibytes, formatPlural } from '../units.ts';
import { EMPTY, Html, html } from './html.ts';

/** How to repeat the run, its options, what was assumed and left out, what it cost, and what lies beside the report. */
export function runFacts(summary: Summary): Html {
  return html`<div class="facts">
${fact('How to reproduce', reproduction(summary))}
${fact('Assumptions', assumptions(summary))}
${fact('Rows left out', skippedRows(summary))}
${fact('Options', definitions(optionEntries(summary)))}
${fact('Counts', definitions(countEntries(summary)))}
${fact('Cost of the computation', definitions(costEntries(summary)))}
${fact('Files', definitions(fileEntries(summary)))}
</div>`;
}

function fact(title: string, body: Html): Html {
  return html`<div class="card"><h3>${title}</h3>${body}</div>`;
}

function reproduction(summary: Summary): Html {
  return html`<pre>${commandWords(summary.command)}</pre>
<p>The same command with the same version prints the same run hash, <span class="mono">${summary.hash}</span>, on any machine${
    summary.partial ? ', if it is stopped at the same virtual instant' : ''
  }.</p>`;
}

/** Lines break between words only, so that no option is torn at its hyphens. */
function commandWords(command: string): Html[] {
  return command.split(' ').map((word, place) => html`${place === 0 ? '' : ' '}<span>${word}</span>`);
}

function assumptions(summary: Summary): Html {
  if (summary.assumptions.length === 0)
    return html`<p>None: the trace says everything that the run needs.</p>`;
  return html`<ul>${summary.assumptions.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

function skippedRows(summary: Summary): Html {
  const { count, reasons, firstBadRow } = summary.skippedRows;
  if (count === 0) return html`<p>None.</p>`;
  const first = firstBadRow === null ? EMPTY : html`<p>The first malformed one: ${firstBadRow}</p>`;
  return html`<p>${formatPlural(count, 'row', 'rows')} of the trace ${count === 1 ? 'was' : 'were'} left out.</p>
<ul>${reasons.map((entry) => html`<li>${formatCount(entry.rows)}: ${entry.reason}</li>`)}</ul>${first}`;
}

type Entry = readonly [string, string];

function definitions(entries: readonly Entry[]): Html {
  if (entries.length === 0) return html`<p>None.</p>`;
  return html`<dl>${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function optionEntries(summary: Summary): Entry[] {
  const entries = Object.entries(summary.options).map(
    ([name, value]): Entry => [name, value === null ? '–' : String(value)],
  );
  return [...entries, ...summary.trace.files.map((file): Entry => ['trace file', file])];
}

function countEntries(summary: Summary): Entry[] {
  const { counts, virtual } = summary;
  const states = Object.entries(counts.tasks.byState).map(
    ([state, attempts]): Entry => [state, formatCount(attempts)],
  );
  const faults = Object.entries(counts.faultKinds).map(
    ([kind, count]): Entry => [`fault ${kind}`, formatCount(count)],
  );
  return [
    ['virtual time', `${formatInstant(virtual.startSeconds)} to ${formatInstant(virtual.endSeconds)}`],
    ['jobs', formatCount(counts.jobs.total)],
    ['tasks', formatCount(counts.tasks.total)],
    ['attempts', formatCount(counts.tasks.attempts)],
    ...states,
    ['offers made', formatCount(counts.offers.made)],
    ['offers accepted', formatCount(counts.offers.accepted)],
    ['offers declined', formatCount(counts.offers.declined)],
    ['offers rescinded', formatCount(counts.offers.rescinded)],
    ['offers timed out', formatCount(counts.offers.timedOut)],
    ['decliners passed over', formatCount(counts.declinersPassedOver)],
    ['allocation runs', formatCount(counts.allocationRuns)],
    ['master steps', formatCount(counts.masterSteps)],
    ['samples', formatCount(counts.samples)],
    ...faults,
  ];
}

function costEntries(summary: Summary): Entry[] {
  const { timing, counts, virtual } = summary;
  const entries: Entry[] = [
    ['wall time', formatDuration(timing.wallSeconds)],
    ['CPU time', formatDuration(timing.cpuSeconds)],
    ['largest memory', formatMebibytes(timing.peakRssBytes / 1_048_576)],
  ];
  if (timing.cpuSeconds > 0) {
    entries.push(['master steps', `${formatCount(counts.masterSteps / timing.cpuSeconds)} per CPU second`]);
  }
  if (timing.wallSeconds > 0) {
    entries.push(['speed', `${formatCount(virtual.spanSeconds / timing.wallSeconds)} × real time`]);
  }
  return entries;
}

function fileEntries(summary: Summary): Entry[] {
  const entries: Entry[] = [['summary.json', 'all numbers of this page']];
  for (const table of Object.values(summary.tables)) {
    if (table !== null) entries.push([table.file, formatPlural(table.rows, 'row', 'rows')]);
  }
  return entries;
}
