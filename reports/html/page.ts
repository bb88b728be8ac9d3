import type { ChartCard } from '../charts/chart-card.ts';
import type { ReportCharts } from '../charts/chart-spec.ts';
import type { ReportCards } from '../charts/report-charts.ts';
import type { RunSeries } from '../charts/run-series.ts';
import type { Summary } from '../summary.ts';
import type { WaitingRole } from '../run-facts.ts';
import { formatInstant, formatPlural } from '../units.ts';
import { cardGrid } from './cards.ts';
import { runFacts } from './facts.ts';
import { keyFigures } from './figures.ts';
import { roleTable, userTable } from './group-tables.ts';
import { EMPTY, Html, html, scriptJson } from './html.ts';
import { timingTable } from './timing-table.ts';
import { chartLibrary, pageScript } from './script.ts';
import { STYLE } from './style.ts';

/** Nothing is loaded, whatever a name in a trace may try: the page is only what it carries. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly about: Html;
  readonly body: Html;
}

/** The report: one HTML file that needs nothing else. */
export function reportPage(summary: Summary, series: RunSeries, cards: ReportCards): string {
  const sections = reportSections(summary, cards);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="generator" content="Orrery ${summary.version}">
<title>${summary.name} · Orrery report</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
${pageHead(summary)}
<nav aria-label="Sections"><div class="wrap">${sections.map(
    (section) => html`<a href="#${section.id}">${section.title}</a>`,
  )}<button class="reset" type="button" hidden>Show the whole run</button></div></nav>
<main class="wrap">
${keyFigures(summary)}
<noscript><p class="notice">The charts are drawn by a script that this page carries; this browser does not run scripts. All numbers are in the tables and in the CSV files beside this page.</p></noscript>
${sections.map(
  (section) => html`<section id="${section.id}">
<h2>${section.title}</h2>
<p class="about">${section.about}</p>
${section.body}
</section>
`,
)}</main>
<footer><div class="wrap">Orrery ${summary.version} · run hash <span class="mono">${summary.hash}</span></div></footer>
<script type="application/json" id="data">${scriptJson(chartData(summary, series, cards))}</script>
<script>${new Html(chartLibrary())}</script>
<script>${new Html(pageScript())}</script>
</body>
</html>
`;
  return page.text;
}

function pageHead(summary: Summary): Html {
  const badge = summary.partial ? html`<span class="badge">Partial</span>` : EMPTY;
  const notice = summary.partial
    ? html`<p class="notice">The run was stopped at ${formatInstant(summary.virtual.endSeconds)} of virtual time. What is here is complete up to then.</p>`
    : EMPTY;
  return html`<header class="top"><div class="wrap">
<p class="kicker">Orrery simulation report</p>
<h1>${summary.name}${badge}</h1>
<dl class="meta">
<div><dt>Seed</dt><dd class="mono">${summary.seed}</dd></div>
<div><dt>Run hash</dt><dd class="mono">${summary.hash}</dd></div>
<div><dt>Trace</dt><dd>${summary.trace.name} (${summary.trace.format})</dd></div>
<div><dt>Version</dt><dd>${summary.version}</dd></div>
<div><dt>Command</dt><dd><code>${summary.command}</code></dd></div>
</dl>
${notice}
</div></header>`;
}

function reportSections(summary: Summary, cards: ReportCards): Section[] {
  const noSamples = 'The run ended before its first sample was taken.';
  const sections: Section[] = [
    {
      id: 'utilisation',
      title: 'Utilisation',
      about: html`What tasks hold, what is out in offers, and what the registered agents have. <span class="mouse">Drag over a chart to see a part of the run in all of them.</span>`,
      body: cardGrid(cards.utilisation, 'wide', noSamples),
    },
    {
      id: 'fairness',
      title: 'Fairness',
      about: html`Each role’s dominant share (filled) against its fair share (dark line): what weighted progressive filling gives it among the roles that want more or hold something.`,
      body: cardGrid(
        cards.shares,
        cards.shares.length <= 3 ? 'wide' : 'small',
        'No role was seen in a sample.',
      ),
    },
    {
      id: 'queue',
      title: 'Queue and running tasks',
      about: html`How much runs, and how much waits for an offer that fits.`,
      body: cardGrid(cards.queue, 'wide', noSamples),
    },
    {
      id: 'waits',
      title: 'Wait and slowdown',
      about: html`The share of jobs whose value does not exceed the one on the axis. Wait: from arrival to the first running task. Slowdown: from arrival to the end, over the run time alone; bounded, with run times below 10 s counted as 10 s. A legend’s entries switch their curves.`,
      body: cardGrid(cards.distributions, 'wide', 'No job ran.'),
    },
    ...timingSections(summary, cards),
    {
      id: 'offers',
      title: 'Offers',
      about: html`What the allocator offered, and what became of it.`,
      body: cardGrid(cards.offers, 'wide', noSamples),
    },
    {
      id: 'failures',
      title: 'Failures and faults',
      about: html`Attempts that did not finish, agents that the master knows, and what was done to the cluster.`,
      body: cardGrid(cards.failures, 'wide', 'No fault was injected, no task failed, and no agent was lost.'),
    },
    {
      id: 'cycles',
      title: 'Cost of cycles',
      about: html`How often the allocator ran, and how many inputs the master took.`,
      body: cardGrid(cards.cycles, 'wide', noSamples),
    },
    { id: 'roles', title: 'Roles', about: html`${roleNote(summary)}`, body: roleTable(summary) },
  ];
  if (summary.users.top.length > 0) {
    sections.push({
      id: 'users',
      title: 'Users',
      about: html`${userNote(summary)}`,
      body: userTable(summary),
    });
  }
  if (summary.waiting.length > 0) {
    sections.push({
      id: 'waiting',
      title: 'Why tasks wait',
      about: html`What the allocator says of the first task in the queue of each role when the run ended: the first rule that keeps each agent from it, and what would help.`,
      body: html`<div class="facts">${summary.waiting.map(waitingCard)}</div>`,
    });
  }
  sections.push({
    id: 'run',
    title: 'This run',
    about: html`What was run, what was assumed, and how to run it again.`,
    body: runFacts(summary),
  });
  return sections;
}

function timingSections({ comparison }: Summary, cards: ReportCards): Section[] {
  if (comparison === null) return [];
  const { timing, otherTiming } = comparison;
  const partial = comparison.otherPartial
    ? html` The run with timing ${otherTiming} was stopped at ${formatInstant(comparison.otherEndSeconds)} of virtual time and saw fewer jobs: <b>the two are not alike</b>.`
    : EMPTY;
  return [
    {
      id: 'timing',
      title: 'Timing',
      about: html`The same run with the same seed under both timings of the allocator: ${timing}, which this report is about, and ${otherTiming} (run hash <span class="mono">${comparison.otherHash}</span>). With event timing, what comes back is offered again within milliseconds; with that of Mesos, each second. A difference is the wait under ${timing} less that under ${otherTiming}: negative where jobs waited less under ${timing}.${partial}`,
      body: html`${cardGrid(cards.timings, cards.timings.length <= 3 ? 'wide' : 'small', 'No job ran.')}
${timingTable(comparison)}`,
    },
  ];
}

function waitingCard({ role, tasksQueued, lines }: WaitingRole): Html {
  return html`<div class="card"><h3>${role}: ${formatPlural(tasksQueued, 'task', 'tasks')} in the queue</h3><pre>${lines.join('\n')}</pre></div>`;
}

function roleNote(summary: Summary): string {
  const hours =
    'Hours are those that tasks held, over all attempts; lost are those of attempts that did not finish.';
  return summary.roles.length === 0 ? 'No role had a job.' : `${hours} Click a column to sort by it.`;
}

function userNote(summary: Summary): string {
  const shown = summary.users.top.length;
  if (summary.users.rest === null) return 'Click a column to sort by it.';
  return `The ${shown} users with the most jobs; all others are in the last row. Click a column to sort by it.`;
}

function chartData(summary: Summary, series: RunSeries, cards: ReportCards): ReportCharts {
  const all: readonly ChartCard[] = Object.values(cards).flat();
  return {
    start: summary.virtual.startSeconds,
    end: summary.virtual.endSeconds,
    times: series.times,
    charts: all.map((card) => shortened(card.spec)),
  };
}

/** Five significant digits are more than a chart can show, and a third of the bytes. */
function shortened<T>(value: T): T {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'number' && !Number.isInteger(part) ? Number(part.toPrecision(5)) : part,
  );
  return JSON.parse(text) as T;
}
