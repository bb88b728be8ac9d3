import { MUTATIONS, type Mutation, type PropertyId } from '../../drivers/sim/hunt/index.ts';
import { EXIT_FAILED, EXIT_OK } from '../usage-error.ts';
import type { HuntIo } from './hunt-command.ts';
import { runSeeds, type SeedTotals } from './run-seeds.ts';

export interface LedgerOptions {
  readonly workers: number;
  /** For each mutation. */
  readonly cpuMinutes: number;
  readonly isMarkdown: boolean;
  readonly isJson: boolean;
}

/** What came of hunting one mutation. */
export interface LedgerRow {
  readonly id: string;
  readonly title: string;
  readonly found: boolean;
  /** The seed that found it, and how many were run. */
  readonly seed: number | null;
  readonly seeds: number;
  readonly cpuSeconds: number;
  readonly property: PropertyId | null;
  readonly what: string | null;
  readonly expects: readonly PropertyId[];
  readonly note: string | null;
}

/** Hunts every mutation in turn, all from the same first seed, and tells which were found. @returns 1 if one was not */
export async function huntLedger(options: LedgerOptions, io: HuntIo): Promise<number> {
  const rows: LedgerRow[] = [];
  for (const mutation of MUTATIONS) {
    const row = await huntMutation(mutation, options, io);
    rows.push(row);
    if (options.isJson) io.out(JSON.stringify(row));
    else if (!options.isMarkdown) io.out(rowText(row));
  }
  const found = rows.filter((row) => row.found).length;
  const share = `${found} of ${rows.length} found (${((100 * found) / rows.length).toFixed(0)} %)`;
  if (options.isMarkdown) for (const line of ledgerMarkdown(rows, options.cpuMinutes)) io.out(line);
  else if (!options.isJson) io.out(share);
  return found === rows.length ? EXIT_OK : EXIT_FAILED;
}

async function huntMutation(mutation: Mutation, options: LedgerOptions, io: HuntIo): Promise<LedgerRow> {
  const totals: SeedTotals = { seeds: 0, events: 0, faults: 0, duration: 0, cpuMicros: 0 };
  const failures = await runSeeds(
    {
      from: 1,
      runs: null,
      maxMs: null,
      maxCpuMicros: options.cpuMinutes * 60_000_000,
      stopsAtFailure: true,
      workers: options.workers,
      edits: mutation.edits,
      size: null,
    },
    totals,
    () => io.progress(`${mutation.id}: ${totals.seeds} seeds, ${(totals.cpuMicros / 1e6).toFixed(0)} CPU s`),
  );
  const first = failures[0] ?? null;
  return {
    id: mutation.id,
    title: mutation.title,
    found: first !== null,
    seed: first?.seed ?? null,
    seeds: totals.seeds,
    cpuSeconds: Math.round(totals.cpuMicros / 100_000) / 10,
    property: first?.result.failure?.property ?? null,
    what: first?.result.failure?.what ?? null,
    expects: mutation.expects,
    note: mutation.note,
  };
}

function rowText({ id, found, seeds, cpuSeconds, property, title, what }: LedgerRow): string {
  const outcome = found ? `found by ${property}` : 'not found';
  const head = `${id}  ${outcome.padEnd(14)} ${String(seeds).padStart(5)} seeds ${cpuSeconds.toFixed(1).padStart(7)} CPU s  ${title}`;
  return what === null ? head : `${head}\n     ${what.slice(0, 160)}`;
}

/** The table of docs/bug-ledger.md. */
export function ledgerMarkdown(rows: readonly LedgerRow[], cpuMinutes: number): string[] {
  const lines = [
    '| id | bug | found by | seeds | CPU s | what was seen |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      ({ id, title, found, property, seeds, cpuSeconds, what }) =>
        `| ${id} | ${title} | ${found ? property : '**not found**'} | ${seeds} | ${cpuSeconds.toFixed(1)} | ${cell(what)} |`,
    ),
    '',
  ];
  const found = rows.filter((row) => row.found).length;
  lines.push(
    `${found} of ${rows.length} found, each within ${cpuMinutes} CPU minutes. Seeds count from 1; all processes together had run so many when the first failed.`,
    '',
    'What was changed where the engine is built otherwise than the one that had the bug:',
    '',
    ...rows.flatMap(({ id, note }) => (note === null ? [] : [`- **${id}**: ${note}`])),
  );
  return lines;
}

function cell(text: string | null): string {
  if (text === null) return '';
  const plain = text.replaceAll('|', '\\|').replace(/^[A-Z]\d+: /, '');
  return plain.length <= 110 ? plain : `${plain.slice(0, 107)}…`;
}
