/** The report's style sheet. Colours are properties, so that light and dark differ in one place; the script reads them for the charts. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9;
  --card: #ffffff;
  --line: #e1e5ea;
  --grid: #eceff3;
  --ink: #17202b;
  --muted: #5a6675;
  --accent: #0b63a5;
  --accent-soft: #e4f0f9;
  --warn: #8a4b00;
  --warn-soft: #fff3dc;
  --warn-line: #f0c983;
  --series-0: #0b6fb8;
  --series-1: #e08e0b;
  --series-2: #0a8f6a;
  --series-3: #cc4e1a;
  --series-4: #b65b9a;
  --series-5: #46a9e0;
  --series-6: #6b56a8;
  --series-7: #85712a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151b;
    --card: #181f27;
    --line: #2b343f;
    --grid: #252e38;
    --ink: #e8edf2;
    --muted: #9aa7b5;
    --accent: #6db9f2;
    --accent-soft: #1b3245;
    --warn: #ffd08a;
    --warn-soft: #3a2c12;
    --warn-line: #6d5220;
    --series-0: #4ea5e6;
    --series-1: #f0b03f;
    --series-2: #35c296;
    --series-3: #f07c4a;
    --series-4: #dc8fc4;
    --series-5: #8fd0f7;
    --series-6: #a593e0;
    --series-7: #c9b25c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 4rem; }
body {
  margin: 0;
  background: var(--page);
  color: var(--ink);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .92em; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.wrap { max-width: 1200px; margin: 0 auto; padding: 0 24px; }
header.top { background: var(--card); border-bottom: 1px solid var(--line); padding: 28px 0 22px; }
.kicker { margin: 0; color: var(--muted); font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: .1em 0 .3em; font-size: 1.85rem; line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
.meta { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 0; }
.meta div { display: flex; gap: .45em; min-width: 0; }
.meta dt { color: var(--muted); }
.meta dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.badge { display: inline-block; vertical-align: .22em; margin-left: .5em; padding: .15em .6em; border-radius: 99px; font-size: .8rem; font-weight: 600;
  letter-spacing: .01em; background: var(--warn-soft); color: var(--warn); border: 1px solid var(--warn-line); }
.notice { margin: 16px 0 0; padding: 10px 14px; border-radius: 8px; background: var(--warn-soft); color: var(--warn); border: 1px solid var(--warn-line); }
nav { position: sticky; top: 0; z-index: 5; background: var(--page); border-bottom: 1px solid var(--line); }
nav .wrap { display: flex; gap: 20px; overflow-x: auto; scrollbar-width: none; }
nav .wrap::-webkit-scrollbar { display: none; }
nav a { padding: 11px 0; white-space: nowrap; color: var(--muted); font-size: .9rem; }
nav a:hover { color: var(--ink); text-decoration: none; }
.reset { position: sticky; right: 0; margin-left: auto; align-self: center; padding: 3px 12px; white-space: nowrap; border: 1px solid var(--accent); border-radius: 99px;
  background: var(--accent-soft); color: var(--accent); font: inherit; font-size: .82rem; cursor: pointer; }
.reset[hidden] { display: none; }
main.wrap { padding-bottom: 56px; }
section { margin-top: 40px; }
h2 { margin: 0; font-size: 1.2rem; letter-spacing: -.01em; }
.about { margin: 2px 0 14px; max-width: 78ch; color: var(--muted); font-size: .92rem; }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 0; }
.figure { flex: 1 1 148px; margin: 0; padding: 13px 16px 12px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.figure dt { color: var(--muted); font-size: .82rem; }
.figure .value { margin: 1px 0 0; font-size: 1.42rem; font-weight: 620; line-height: 1.25; letter-spacing: -.015em; }
.figure .detail { margin: 0; color: var(--muted); font-size: .8rem; line-height: 1.35; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 14px; }
.cards.three { grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); }
.cards .whole { grid-column: 1 / -1; }
.cards.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 210px), 1fr)); }
.card { display: flex; flex-direction: column; min-width: 0; margin: 0; padding: 13px 16px 8px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.card .head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 12px; }
.card h3 { margin: 0; font-size: .97rem; font-weight: 620; overflow-wrap: anywhere; }
.card .note { color: var(--muted); font-size: .82rem; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 5px 0 2px; padding: 0; list-style: none; font-size: .84rem; }
.legend button { display: flex; align-items: center; gap: 6px; max-width: 100%; padding: 1px 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; text-align: left; }
.legend button[aria-pressed="false"] { opacity: .42; text-decoration: line-through; }
.legend .static { display: flex; align-items: center; gap: 6px; }
.legend .name { overflow-wrap: anywhere; }
.swatch { flex: none; width: 14px; height: 0; border-top: 4px solid; border-radius: 2px; }

.cards.small .head { display: block; }
.cards.small h3 { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.cards.small .note { display: block; }
.chart { position: relative; flex: 1 0 250px; width: 100%; margin-top: 4px; touch-action: pan-y; }
.cards.small .chart { flex-basis: 150px; }
.chart .band { position: absolute; top: 0; bottom: 0; background: var(--accent); opacity: .16; pointer-events: none; }
.empty { padding: 26px 16px; border: 1px dashed var(--line); border-radius: 10px; color: var(--muted); text-align: center; }
.cards + .table { margin-top: 14px; }
.table { max-height: 560px; overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { width: 100%; border-collapse: separate; border-spacing: 0; font-size: .88rem; }
th, td { padding: 6px 12px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { text-align: left; }
td:first-child, tr:last-child th:first-child { position: sticky; left: 0; background: var(--card); }
td:first-child { max-width: 260px; overflow: hidden; text-overflow: ellipsis; }
th.start, td.start { border-left: 1px solid var(--grid); }
thead th { position: sticky; top: 0; z-index: 1; background: var(--card); border-bottom: 1px solid var(--line); font-weight: 600; vertical-align: bottom; }
thead tr:last-child th:first-child { z-index: 2; }
thead tr.groups th { position: static; padding-bottom: 0; border-bottom: 0; color: var(--muted); font-size: .8rem; font-weight: 500; text-align: center; }
th button { padding: 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
th button:hover { color: var(--accent); }
th button::after { content: "\\2195"; display: inline-block; width: 1em; opacity: .25; }
th[aria-sort="ascending"] button::after { content: "\\2191"; opacity: 1; }
th[aria-sort="descending"] button::after { content: "\\2193"; opacity: 1; }
tbody tr:hover td { background: var(--accent-soft); }
tbody tr:last-child td { border-bottom: 0; }
tr.rest td { color: var(--muted); font-style: italic; }
.facts { columns: 460px 2; column-gap: 14px; }
.facts .card { break-inside: avoid; margin-bottom: 14px; padding-bottom: 14px; }
.facts h3 { margin-bottom: 6px; }
.facts ul { margin: 0; padding-left: 1.15em; }
.facts li { margin: 3px 0; overflow-wrap: anywhere; }
.facts p { margin: 0 0 .6em; }
.facts dl { display: grid; grid-template-columns: minmax(7em, max-content) minmax(0, 1fr); gap: 3px 16px; margin: 0; }
.facts dt { color: var(--muted); overflow-wrap: anywhere; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
pre span { display: inline-block; max-width: 100%; }
pre { margin: 0 0 10px; padding: 10px 12px; border-radius: 8px; background: var(--page); border: 1px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
footer { padding: 18px 0 40px; border-top: 1px solid var(--line); color: var(--muted); font-size: .84rem; }
.tip { font-size: 12.5px; line-height: 1.5; }
.tip b { font-weight: 620; }
.tip .row { display: flex; align-items: center; justify-content: space-between; gap: 16px; }
.tip .key { display: flex; align-items: center; gap: 6px; }
.tip .names { display: block; max-width: 260px; white-space: normal; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  body { font-size: 14.5px; }
  .wrap { padding: 0 14px; }
  header.top { padding: 20px 0 16px; }
  h1 { font-size: 1.45rem; }
  section { margin-top: 32px; }
  .figures { gap: 9px; }
  .figure { flex-basis: calc(50% - 5px); padding: 10px 12px; }
  .figure .value { font-size: 1.2rem; }
  .card { padding: 11px 12px 6px; }
  .chart { flex-basis: 220px; }
  .cards.small .chart { flex-basis: 130px; }
  th, td { padding: 6px 9px; }
  td:first-child { max-width: 150px; }
}
@media (pointer: coarse) { .mouse { display: none; } }
@media print {
  nav, .reset { display: none; }
  body { background: none; }
  .card, .figure { break-inside: avoid; }
  .table { max-height: none; overflow: visible; }
}
`;
