import { spawnSync } from 'node:child_process';
import { allocator } from './allocator/index.ts';
import { type AllocatorRow, allocatorHeader, allocatorLine, bestOf } from './allocator/allocator-row.ts';
import { benchHeader, benchLine, type BenchRow, type Benchmark, bestBenchRows } from './bench-case.ts';
import { growth } from './growth.ts';
import { hunting } from './hunt/index.ts';
import { type HttpRow, httpHeader, httpLine, medianRows } from './http/http-row.ts';
import { http } from './http/index.ts';
import { runMicro } from './micro.ts';
import { omegaDay, omegaMonth, omegaTiny } from './omega.ts';
import { philly } from './philly.ts';

/** A benchmark with the table that its rows make, whatever a row is. */
interface Entry {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly {
    readonly name: string;
    readonly runs: number;
    run(): Promise<readonly unknown[]>;
  }[];
  header(): string;
  /** Of the rows of several runs of one case, given as they were printed. */
  best(runs: readonly (readonly unknown[])[]): readonly { readonly json: string; readonly text: string }[];
}

/** How the rows of a kind of benchmark are told apart and shown. */
interface Table<Row> {
  header(): string;
  line(row: Row): string;
  best(runs: readonly (readonly Row[])[]): readonly Row[];
}

function entry<Row>({ name, title, cases }: Benchmark<Row>, table: Table<Row>): Entry {
  return {
    name,
    title,
    cases: cases.map((one) => ({ name: one.name, runs: one.runs ?? 1, run: () => one.run() })),
    header: () => table.header(),
    best: (runs) =>
      table
        .best(runs as readonly (readonly Row[])[])
        .map((row) => ({ json: JSON.stringify(row), text: table.line(row) })),
  };
}

const RUNS_TABLE: Table<BenchRow> = { header: benchHeader, line: benchLine, best: bestBenchRows };
const HTTP_TABLE: Table<HttpRow> = { header: httpHeader, line: httpLine, best: medianRows };
const CYCLES_TABLE: Table<AllocatorRow> = { header: allocatorHeader, line: allocatorLine, best: bestOf };

/** Every benchmark; a new one is a file and a line here. */
const BENCHMARKS: readonly Entry[] = [
  entry(omegaTiny, RUNS_TABLE),
  entry(omegaDay, RUNS_TABLE),
  entry(omegaMonth, RUNS_TABLE),
  entry(growth, RUNS_TABLE),
  entry(philly, RUNS_TABLE),
  entry(allocator, CYCLES_TABLE),
  entry(hunting, RUNS_TABLE),
  entry(http, HTTP_TABLE),
];
const BY_DEFAULT: readonly string[] = ['omega-tiny', 'philly'];
/** On two cores the collector's helper threads cost a tenth more CPU time and save no wall time; CPU time is what is compared here. */
const NODE_FLAGS: readonly string[] = ['--single-threaded-gc'];
const MICRO = 'micro';
const CASE_FLAG = '--run-case';

/** `npm run bench -- [NAME…] [--json] [--runs N]`: each run of a case in a process of its own. @returns exit code */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] === CASE_FLAG) return runCase(args[1] ?? '');
  if (args.includes('--help')) {
    for (const line of help()) process.stdout.write(`${line}\n`);
    return 0;
  }
  const read = readArguments(args);
  if (typeof read === 'string') return refuse(read);
  if (read.names.includes(MICRO)) await runMicro();
  let shown: Entry | null = null;
  for (const name of read.names) {
    if (name === MICRO) continue;
    const found = BENCHMARKS.flatMap((of) =>
      of.cases
        .filter((one) => one.name === name || one.name.startsWith(`${name}/`))
        .map((one) => ({ of, one })),
    );
    if (found.length === 0) return refuse(`${name}: no such benchmark`);
    for (const { of, one } of found) {
      if (of !== shown && !read.json) process.stdout.write(`${of.header()}\n`);
      shown = of;
      const runs = inOwnProcesses(one.name, read.runs ?? one.runs);
      if (runs === null) return 1;
      for (const { json, text } of of.best(runs)) process.stdout.write(`${read.json ? json : text}\n`);
    }
  }
  return 0;
}

interface Arguments {
  readonly names: readonly string[];
  readonly json: boolean;
  /** Null for what each case says. */
  readonly runs: number | null;
}

/** A text says what is wrong. */
function readArguments(args: readonly string[]): Arguments | string {
  const names: string[] = [];
  let json = false;
  let runs: number | null = null;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === '--json') {
      json = true;
    } else if (arg === '--runs') {
      runs = Number(args[++index]);
      if (!Number.isInteger(runs) || runs < 1) return '--runs needs a whole number, 1 or more';
    } else if (arg.startsWith('--')) {
      return `${arg}: unknown option`;
    } else {
      names.push(arg);
    }
  }
  return { names: names.length === 0 ? BY_DEFAULT : names, json, runs };
}

function refuse(message: string): number {
  process.stderr.write(`bench: ${message}\n${help().join('\n')}\n`);
  return 2;
}

function help(): string[] {
  return [
    'npm run bench -- [NAME…] [--json] [--runs N]   NAME is a benchmark or one of its cases, such as omega-day or omega-day/kept',
    '  --runs N       runs each case N times and keeps the best',
    ...BENCHMARKS.map((one) => `  ${one.name.padEnd(14)} ${one.title}`),
    `  ${MICRO.padEnd(14)} small parts against their plain alternatives (text only)`,
    `without a name: ${BY_DEFAULT.join(', ')}`,
  ];
}

function inOwnProcesses(name: string, runs: number): unknown[][] | null {
  const rows: unknown[][] = [];
  for (let run = 0; run < runs; run++) {
    const made = inOwnProcess(name);
    if (made === null) return null;
    rows.push(made);
  }
  return rows;
}

function inOwnProcess(name: string): unknown[] | null {
  const script = `const { main } = await import(${JSON.stringify(import.meta.url)}); process.exitCode = await main(process.argv.slice(1));`;
  const { status, stdout } = spawnSync(
    process.execPath,
    [...NODE_FLAGS, '--input-type=module', '-e', script, '--', CASE_FLAG, name],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1e8,
    },
  );
  if (status !== 0) return null;
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2) + 1)) as unknown[];
}

async function runCase(name: string): Promise<number> {
  const found = BENCHMARKS.flatMap((one) => one.cases).find((one) => one.name === name);
  if (found === undefined) return refuse(`${name}: no such case`);
  process.stdout.write(`${JSON.stringify(await found.run())}\n`);
  return 0;
}
