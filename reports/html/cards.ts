import type { ChartCard, LegendEntry } from '../charts/chart-card.ts';
import { EMPTY, Html, html } from './html.ts';

/** Height of a lane of marks and of the axis below, px. */
const LANE_HEIGHT = 26;
const AXIS_HEIGHT = 44;

/** Charts side by side as far as there is room; a sentence where there is none to show. */
export function cardGrid(cards: readonly ChartCard[], size: 'wide' | 'small', empty: string): Html {
  if (cards.length === 0) return html`<p class="empty">${empty}</p>`;
  // three charts make one row where two would leave a hole
  const charts = cards.filter((entry) => entry.spec.kind !== 'lanes').length;
  const layout = size === 'wide' && charts === 3 ? 'three' : size;
  return html`<div class="cards ${layout}">${cards.map(card)}</div>`;
}

function card(chart: ChartCard): Html {
  const height =
    chart.spec.kind === 'lanes'
      ? html` style="flex-basis:${chart.spec.lanes.length * LANE_HEIGHT + AXIS_HEIGHT}px"`
      : EMPTY;
  return html`<figure class="card${chart.spec.kind === 'lanes' ? ' whole' : ''}">
<div class="head"><h3 title="${chart.title}">${chart.title}</h3><span class="note">${chart.note}</span></div>
${legend(chart)}
<div class="chart" id="chart-${chart.spec.id}" role="img" aria-label="${chart.title}: ${chart.note}"${height}></div>
</figure>
`;
}

function legend(chart: ChartCard): Html {
  if (chart.legend.length === 0) return EMPTY;
  return html`<ul class="legend">${chart.legend.map(
    (entry) =>
      html`<li><button type="button" aria-pressed="true" data-series="${entry.name}">${swatch(entry)}<span class="name">${entry.name}</span></button></li>`,
  )}</ul>`;
}

function swatch(entry: LegendEntry): Html {
  const colour = typeof entry.colour === 'string' ? `--${entry.colour}` : `--series-${entry.colour % 8}`;
  return html`<span class="swatch" style="border-color:var(${colour})"></span>`;
}
