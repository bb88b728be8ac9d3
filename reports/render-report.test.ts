import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renderReport } from './render-report.ts';
import { reportErrorText } from './report-error.ts';
import { RunWriter } from './run-writer.ts';
import {
  describeSampleRun,
  endOfSampleRun,
  observeSampleRun,
  SAMPLE_RUN,
  type SampleRunOptions,
} from './test/sample-run.ts';

const SMALL = { ...SAMPLE_RUN, jobs: 200, hours: 5 };
const ATTACK = '</script><script>alert(1)</script><img src=x onerror="alert(2)">';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'orrery-render-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function writeRun(options: SampleRunOptions): string {
  const opened = RunWriter.open(
    { folder: join(root, 'out'), force: true, tasks: false },
    describeSampleRun(options),
  );
  if (!opened.ok) throw new Error(reportErrorText(opened.error));
  observeSampleRun(opened.value, options);
  const finished = opened.value.finish(endOfSampleRun(options));
  if (!finished.ok) throw new Error(reportErrorText(finished.error));
  return finished.value.folder;
}

function page(folder: string): string {
  return readFileSync(join(folder, 'report.html'), 'utf8');
}

/** The page without what its script elements hold. */
function markup(folder: string): string {
  return page(folder).replace(/<script([^>]*)>[\s\S]*?<\/script>/g, '<script$1></script>');
}

/** The error of rendering a folder whose file was changed; the file is put back. */
function damage(folder: string, file: string, change: (text: string) => string): string {
  const path = join(folder, file);
  const kept = readFileSync(path, 'utf8');
  writeFileSync(path, change(kept));
  const rendered = renderReport(folder);
  writeFileSync(path, kept);
  return rendered.ok ? 'rendered' : reportErrorText(rendered.error).replace(folder, 'DIR');
}

test('the report is rebuilt from the folder to the same bytes', () => {
  const folder = writeRun(SMALL);
  const before = page(folder);
  rmSync(join(folder, 'report.html'));
  expect(renderReport(folder)).toEqual({ ok: true, value: join(folder, 'report.html') });
  expect(page(folder)).toBe(before);
});

test('the page refers to nothing outside itself', () => {
  const html = markup(writeRun(SMALL));
  expect(html.match(/<(script|link|iframe|img|object|embed)\b[^>]*(src|href)=/gi)).toBeNull();
  expect(html.match(/(src|href)="(?!#)[^"]*"/gi)).toBeNull();
  expect(html.match(/url\(|@import|https?:/gi)).toBeNull();
  expect(html.includes('default-src &#39;none&#39;')).toBe(true);
});

test('names from files are text and never markup', () => {
  const folder = writeRun({ ...SMALL, roles: [ATTACK, 'other'] });
  const html = page(folder);
  expect(html.includes('<img src=x')).toBe(false);
  expect(html.includes('<script>alert')).toBe(false);
  expect(html.includes('&lt;/script&gt;&lt;script&gt;alert(1)')).toBe(true);
  expect(html.match(/<\/script>/g)).toHaveLength(3);
});

test('a cluster without GPUs has no GPU chart, column or figure', () => {
  const html = markup(writeRun({ ...SMALL, gpus: 0 }));
  expect(html.match(/GPU in use|<h3>GPU|GPU<\/button>|GPUs/g)).toBeNull();
  expect(html.includes('chart-utilisation-cpus')).toBe(true);
  expect(html.includes('chart-utilisation-disk')).toBe(false);
});

test('a run that ended with tasks in its queues says why they wait', () => {
  const opened = RunWriter.open(
    { folder: join(root, 'out'), force: false, tasks: false },
    describeSampleRun(SMALL),
  );
  if (!opened.ok) throw new Error(reportErrorText(opened.error));
  const line = 'needs <b>8 gpus</b>';
  opened.value.finish({
    ...endOfSampleRun(SMALL),
    waiting: [{ role: 'vision', tasksQueued: 2, lines: [line] }],
  });
  const html = markup(join(root, 'out'));
  expect(html).toContain('Why tasks wait');
  expect(html).toContain('vision: 2 tasks');
  expect(html).toContain('needs &lt;b&gt;8 gpus&lt;/b&gt;');
  expect(html).not.toContain(line);
});

test('what there is nothing of has a sentence in its place', () => {
  const opened = RunWriter.open(
    { folder: join(root, 'out'), force: false, tasks: false },
    describeSampleRun(SMALL),
  );
  if (!opened.ok) throw new Error(reportErrorText(opened.error));
  opened.value.finish({
    ...endOfSampleRun(SMALL),
    assumptions: [],
    skippedRows: { count: 0, reasons: [], firstBadRow: null },
    waiting: [],
  });
  const html = markup(join(root, 'out'));
  expect(html.includes('class="chart"')).toBe(false);
  expect(html.match(/NaN|undefined|Infinity/)).toBeNull();
  expect(html.includes('The run ended before its first sample was taken.')).toBe(true);
  expect(html.includes('No job ran.')).toBe(true);
  expect(html.includes('Why tasks wait')).toBe(false);
});

test('the page says what was run, assumed and left out', () => {
  const html = markup(writeRun(SMALL)).replace(/<\/?span>/g, '');
  expect(html.includes(describeSampleRun(SMALL).command)).toBe(true);
  expect(html.includes('0123456789abcdef')).toBe(true);
  expect(html.includes('gpu.cpus=4 (default)')).toBe(true);
  expect(html.includes('17 rows of the trace were left out.')).toBe(true);
  expect(html.includes('jobs.csv:812: duration is &quot;None&quot;')).toBe(true);
});

test('a folder that is no result is refused', () => {
  const error = (folder: string): string => {
    const rendered = renderReport(folder);
    return rendered.ok ? 'rendered' : rendered.error.message;
  };
  expect(error(join(root, 'none'))).toBe('does not exist');
  expect(error(root)).toBe('holds no summary.json: not a result folder');
  writeFileSync(join(root, 'summary.json'), '{"name":"other"}\n');
  expect(error(root)).toContain('is not of a run');
});

test('a damaged file is refused with its place', () => {
  const folder = writeRun(SMALL);
  const cut = (text: string): string => text.slice(0, Math.floor(text.length / 2));
  expect(damage(folder, 'summary.json', cut)).toMatch(/^DIR\/summary\.json:\d+: not well-formed JSON/);
  expect(damage(folder, 'summary.json', (text) => text.replace('summary/1', 'summary/9'))).toBe(
    'DIR/summary.json:2: schema "orrery.summary/1" is expected, found "orrery.summary/9"',
  );
  expect(damage(folder, 'summary.json', (text) => text.replace(/"made": \d+/, '"made": "x"'))).toBe(
    'DIR/summary.json: counts.offers.made: a number is expected, found "x"',
  );
  expect(damage(folder, 'timeseries.csv', cut)).toMatch(
    /^DIR\/timeseries\.csv:\d+: the file ends within a line$/,
  );
  expect(
    damage(folder, 'timeseries.csv', (text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)),
  ).toBe('DIR/timeseries.csv:302: 301 rows are expected, found 300');
  expect(damage(folder, 'roles.csv', (text) => text.replace('\n60,', '\n61,'))).toBe(
    'DIR/roles.csv:12: at_s: an instant of the time series is expected, found 61',
  );
  expect(damage(folder, 'faults.csv', (text) => text.replace('at_s', 'when'))).toBe(
    'DIR/faults.csv:1: the columns at_s,kind,target,until_s are expected, found when,kind,target,until_s',
  );
});

test('rows that were added by hand are noticed', () => {
  const folder = writeRun(SMALL);
  appendFileSync(join(folder, 'faults.csv'), '1,agentCrash,machine-1,\n');
  expect(renderReport(folder)).toMatchObject({ ok: false, error: { code: 'DAMAGED_FILE' } });
});
