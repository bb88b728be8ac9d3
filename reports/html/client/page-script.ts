/// <reference lib="dom" />
import type { ECharts, EChartsCoreOption } from 'echarts/core';
import type { ChartSpec, ReportCharts } from '../../charts/chart-spec.ts';
import type { chartOption, Theme, Units } from './chart-options.ts';

/*
 * Runs in the browser, as the functions of chart-options.ts do: carried as text, so self-contained.
 */

/** What the page's script has at hand. */
export interface PageTools {
  readonly echarts: {
    init(element: HTMLElement, theme: null, options: { renderer: 'svg' }): ECharts;
  };
  readonly chartOption: typeof chartOption;
  readonly units: Units;
}

/** A chart on the page. */
interface Drawn {
  readonly spec: ChartSpec;
  readonly element: HTMLElement;
  readonly chart: ECharts;
  readonly hidden: Set<string>;
}

/** Brings the page to life: draws the charts, links their time axes, and makes legends and tables answer. */
export function startReport(tools: PageTools, data: ReportCharts): void {
  const view = { from: data.start, to: data.end > data.start ? data.end : data.start + 1 };
  const whole = { ...view };
  const drawn: Drawn[] = [];
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let theme = readTheme();

  const draw = (entry: Drawn): void => {
    const option: EChartsCoreOption = tools.chartOption(entry.spec, {
      units: tools.units,
      theme,
      times: data.times,
      end: data.end,
      from: view.from,
      to: view.to,
      width: entry.element.clientWidth,
      height: entry.element.clientHeight,
      hidden: entry.hidden,
    });
    entry.chart.setOption(option, { notMerge: true });
  };
  const isTimed = (entry: Drawn): boolean => entry.spec.kind !== 'curve';
  const reset = document.querySelector<HTMLButtonElement>('.reset');
  const show = (from: number, to: number): void => {
    view.from = from;
    view.to = to;
    if (reset !== null) reset.hidden = from === whole.from && to === whole.to;
    for (const entry of drawn) if (isTimed(entry)) draw(entry);
  };
  reset?.addEventListener('click', () => show(whole.from, whole.to));

  for (const spec of data.charts) {
    const element = document.getElementById(`chart-${spec.id}`);
    if (element === null) continue;
    const chart = tools.echarts.init(element, null, { renderer: 'svg' });
    const entry: Drawn = { spec, element, chart, hidden: new Set() };
    drawn.push(entry);
    draw(entry);
    if (isTimed(entry)) selectByDragging(chart, element, show);
    linkLegend(entry.element, entry.hidden, () => draw(entry));
    let width = element.clientWidth;
    new ResizeObserver(() => {
      if (element.clientWidth === width) return;
      width = element.clientWidth;
      chart.resize();
      draw(entry);
    }).observe(element);
  }
  dark.addEventListener('change', () => {
    theme = readTheme();
    for (const entry of drawn) draw(entry);
  });
  for (const table of document.querySelectorAll('table')) makeSortable(table);
  document.documentElement.dataset['charts'] = String(drawn.length);
}

/** The colours in force, from the style sheet. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const property = (name: string): string => style.getPropertyValue(name).trim();
  const palette: string[] = [];
  for (let place = 0; place < 8; place++) palette.push(property(`--series-${place}`));
  return {
    ink: property('--ink'),
    muted: property('--muted'),
    line: property('--line'),
    grid: property('--grid'),
    card: property('--card'),
    font: getComputedStyle(document.body).fontFamily,
    palette,
  };
}

/** Dragging over a chart with a mouse or pen shows the part of the run that was dragged over, in all charts. */
export function selectByDragging(
  chart: ECharts,
  element: HTMLElement,
  show: (from: number, to: number) => void,
): void {
  const smallest = 6;
  const band = document.createElement('div');
  band.className = 'band';
  let start: number | null = null;
  const place = (event: PointerEvent): number => event.clientX - element.getBoundingClientRect().left;
  const end = (): void => {
    start = null;
    band.remove();
  };
  element.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'touch' || event.button !== 0) return;
    start = place(event);
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener('pointermove', (event) => {
    if (start === null) return;
    const at = place(event);
    if (Math.abs(at - start) < smallest) return;
    if (band.parentElement === null) element.append(band);
    band.style.left = `${Math.min(start, at)}px`;
    band.style.width = `${Math.abs(at - start)}px`;
  });
  element.addEventListener('pointerup', (event) => {
    if (start === null) return;
    const at = place(event);
    const edges = [Math.min(start, at), Math.max(start, at)].map((edge) =>
      chart.convertFromPixel({ xAxisIndex: 0 }, edge),
    );
    const dragged = Math.abs(at - start) >= smallest;
    end();
    if (dragged && Number.isFinite(edges[0]) && Number.isFinite(edges[1])) {
      const axis = chart.getOption()['xAxis'] as { min: number; max: number }[];
      const { min, max } = axis[0]!;
      show(Math.max(min, edges[0]!), Math.min(max, edges[1]!));
    }
  });
  element.addEventListener('pointercancel', end);
}

/** A legend's buttons switch their series off and on. */
export function linkLegend(element: HTMLElement, hidden: Set<string>, redraw: () => void): void {
  const buttons = element.closest('.card')?.querySelectorAll<HTMLButtonElement>('.legend button') ?? [];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const name = button.dataset['series'] ?? '';
      if (!hidden.delete(name)) hidden.add(name);
      button.setAttribute('aria-pressed', String(!hidden.has(name)));
      redraw();
    });
  }
}

/** A click on a column's head sorts by it, the largest numbers or first names on top; another click turns the order. Rest rows stay last. */
export function makeSortable(table: HTMLTableElement): void {
  const heads = [...table.querySelectorAll<HTMLTableCellElement>('th[aria-sort]')];
  const body = table.tBodies[0];
  if (body === undefined) return;
  const value = (row: HTMLTableRowElement, column: number): string | number => {
    const cell = row.cells[column]!;
    const number = cell.dataset['value'];
    return number === undefined ? (cell.textContent ?? '') : Number(number);
  };
  heads.forEach((head, column) => {
    head.querySelector('button')?.addEventListener('click', () => {
      const first = column === 0 ? 'ascending' : 'descending';
      const other = column === 0 ? 'descending' : 'ascending';
      const order = head.getAttribute('aria-sort') === first ? other : first;
      for (const each of heads) each.setAttribute('aria-sort', 'none');
      head.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      const rows = [...body.rows].sort((a, b) => {
        const rest = Number(a.className === 'rest') - Number(b.className === 'rest');
        if (rest !== 0) return rest;
        const left = value(a, column);
        const right = value(b, column);
        return left < right ? -sign : left > right ? sign : 0;
      });
      body.append(...rows);
    });
  });
}

/** What the report's script is made of, beside the charts. */
export const PAGE_FUNCTIONS: readonly ((...parts: never[]) => unknown)[] = [
  startReport,
  readTheme,
  selectByDragging,
  linkLegend,
  makeSortable,
];
