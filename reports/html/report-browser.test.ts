import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportErrorText } from '../report-error.ts';
import { RunWriter } from '../run-writer.ts';
import {
  describeSampleRun,
  endOfSampleRun,
  observeSampleRun,
  otherTimingOfSampleRun,
  SAMPLE_RUN,
  type SampleRunOptions,
} from '../test/sample-run.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const ATTACK = '<img src=x onerror="document.title=1">';
const RUN = { ...SAMPLE_RUN, roles: [...SAMPLE_RUN.roles.slice(0, 9), ATTACK] };

const isThere = existsSync(CHROMIUM);
if (!isThere) {
  const advice = `the report is not looked at in a browser: there is no ${CHROMIUM}; install chromium or set CHROMIUM`;
  console.warn(`SKIPPED: ${advice}`);
  test.runIf(process.env['CI'])('a browser is there to look at the report', () => expect.fail(advice));
}

describe.skipIf(!isThere)('in a browser', () => {
  let browser: Browser;
  let root = '';
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'orrery-browser-'));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(root, { recursive: true });
  });

  function writeRun(name: string, options: SampleRunOptions, told = true): string {
    const folder = join(root, name);
    const opened = RunWriter.open({ folder, force: false, tasks: false }, describeSampleRun(options));
    if (!opened.ok) throw new Error(reportErrorText(opened.error));
    if (told) observeSampleRun(opened.value, options);
    const finished = opened.value.finish({
      ...endOfSampleRun(options),
      otherTiming: told ? otherTimingOfSampleRun(options) : null,
    });
    if (!finished.ok) throw new Error(reportErrorText(finished.error));
    return pathToFileURL(join(folder, 'report.html')).href;
  }

  interface Visit {
    readonly page: Page;
    /** What the console said, what broke, and what was asked of the network. */
    readonly complaints: string[];
  }

  async function visit(url: string, width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Visit> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== url) complaints.push(`request: ${request.url()}`);
    });
    await page.goto(url);
    await page.waitForSelector('html[data-charts]');
    return { page, complaints };
  }

  /** Charts that drew nothing: without a single line, area or mark. */
  function emptyCharts(page: Page): Promise<string[]> {
    return page.$$eval('.chart', (charts) =>
      charts.filter((chart) => chart.querySelectorAll('svg path').length < 3).map((chart) => chart.id),
    );
  }

  function overflow(page: Page): Promise<number> {
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }

  /** Pairs of labels of a chart that cover each other. */
  function coveredLabels(page: Page): Promise<string[]> {
    return page.$$eval('.chart', (charts) =>
      charts.flatMap((chart) => {
        const labels = [...chart.querySelectorAll('text')].map((label) => ({
          text: label.textContent ?? '',
          box: label.getBoundingClientRect(),
        }));
        return labels.flatMap((label, index) =>
          labels
            .slice(index + 1)
            .filter(
              (other) =>
                label.box.left < other.box.right &&
                other.box.left < label.box.right &&
                label.box.top + 3 < other.box.bottom &&
                other.box.top + 3 < label.box.bottom,
            )
            .map((other) => `${chart.id}: ${label.text} and ${other.text}`),
        );
      }),
    );
  }

  test('at two widths, in light and dark, every chart is drawn, no label covers another, and nothing is wider than the page', async () => {
    const url = writeRun('widths', RUN);
    for (const width of [1_280, 420]) {
      for (const scheme of ['light', 'dark'] as const) {
        const { page, complaints } = await visit(url, width, scheme);
        expect(await page.locator('.chart').count()).toBe(35);
        expect(await page.getAttribute('html', 'data-charts')).toBe('35');
        expect(await emptyCharts(page)).toEqual([]);
        expect(await coveredLabels(page)).toEqual([]);
        expect(await overflow(page)).toBe(0);
        expect(complaints).toEqual([]);
        await page.close();
      }
    }
  });

  test('a tooltip shows values, and a role’s name as text', async () => {
    const { page, complaints } = await visit(writeRun('tips', { ...RUN, roles: ['plain', ATTACK] }), 1_280);
    const chart = page.locator('#chart-wait');
    await chart.scrollIntoViewIfNeeded();
    await chart.hover({ position: { x: 150, y: 80 } });
    const tip = chart.locator('.tip');
    await tip.waitFor();
    const text = await tip.innerText();
    expect(text).toMatch(/^at most .* (ms|s|min|h)\n/);
    expect(text).toContain(ATTACK);
    expect(await page.title()).toBe('philly-sample · Orrery report');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('dragging over a chart shows that part of the run in every chart over time, until it is reset', async () => {
    const { page } = await visit(writeRun('drag', RUN), 1_280);
    const labels = (id: string): Promise<string> => page.locator(`#chart-${id}`).innerText();
    const before = await labels('queue');
    const chart = page.locator('#chart-utilisation-cpus');
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 60, { steps: 3 });
    await page.mouse.up();
    const reset = page.getByRole('button', { name: 'Show the whole run' });
    await reset.waitFor();
    await expect.poll(() => labels('queue')).not.toBe(before);
    expect(await emptyCharts(page)).toEqual([]);
    await reset.click();
    await expect.poll(() => labels('queue')).toBe(before);
    expect(await reset.isVisible()).toBe(false);
    await page.close();
  });

  test('a legend’s entry takes its series away and brings it back', async () => {
    const { page } = await visit(writeRun('legend', RUN), 1_280);
    const card = page.locator('.card', { has: page.locator('#chart-wait') });
    const paths = (): Promise<number> => card.locator('svg path').count();
    const before = await paths();
    const button = card.getByRole('button', { name: 'vision' });
    await button.click();
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    await expect.poll(paths).toBeLessThan(before);
    await button.click();
    await expect.poll(paths).toBe(before);
    await page.close();
  });

  test('a click on a column sorts the table by it, numbers as numbers, and the rest stays last', async () => {
    const { page } = await visit(writeRun('sort', RUN), 1_280);
    const column = (section: string, place: number): Promise<string[]> =>
      page.$$eval(
        `#${section} tbody tr`,
        (rows, cell) => rows.map((row) => row.children[cell]!.textContent ?? ''),
        place,
      );
    const click = (section: string, place: number): Promise<void> =>
      page.locator(`#${section} thead tr`).nth(1).locator('button').nth(place).click();
    await click('roles', 1);
    const jobs = (await column('roles', 1)).map(Number);
    expect(jobs).toEqual([...jobs].sort((a, b) => b - a));
    await click('roles', 1);
    expect((await column('roles', 1)).map(Number)).toEqual([...jobs].reverse());
    await click('users', 0);
    const users = await column('users', 0);
    expect(users.slice(0, -1)).toEqual(users.slice(0, -1).sort());
    expect(users.at(-1)).toMatch(/ others$/);
    await page.close();
  });

  test('a run that told nothing, one instant, one role or a thousand roles make a page without complaint', async () => {
    const roles = Array.from({ length: 1_000 }, (_, index) => `team/role-${index}`);
    const urls = [
      writeRun('nothing', RUN, false),
      writeRun('instant', { ...RUN, hours: 0, jobs: 0 }),
      writeRun('one-role', { ...RUN, roles: ['only'], gpus: 0, faults: false, users: 0 }),
      writeRun('many-roles', { ...RUN, roles, hours: 2 }),
    ];
    for (const url of urls) {
      const { page, complaints } = await visit(url, 420);
      expect(complaints).toEqual([]);
      expect(await overflow(page)).toBe(0);
      expect((await page.innerText('body')).match(/NaN|undefined|Infinity/)).toBeNull();
      await page.close();
    }
  });
});
