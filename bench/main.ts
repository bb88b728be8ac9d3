import { spawnSync } from 'node:child_process';
import type { BenchRow, Benchmark } from './bench-case.ts';
import { growth } from './growth.ts';
import { runMicro } from './micro.ts';
import { omegaDay, omegaMonth, omegaTiny } from './omega.ts';
import { philly } from './philly.ts';

/** Every benchmark; a new one is a file and a line here. */
export const BENCHMARKS: readonly Benchmark[] = [omegaTiny, omegaDay, omegaMonth, growth, philly];
const BY_DEFAULT: readonly string[] = ['omega-tiny', 'philly'];
const MICRO = 'micro';
const CASE_FLAG = '--run-case';

/** `npm run bench -- [NAME…] [--json]`: each case in a process of its own. @returns exit code */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] === CASE_FLAG) return runCase(args[1] ?? '');
  if (args.includes('--help')) {
    for (const line of help()) process.stdout.write(`${line}\n`);
    return 0;
  }
  const json = args.includes('--json');
  const named = args.filter((arg) => !arg.startsWith('--'));
  const strange = args.find((arg) => arg.startsWith('--') && arg !== '--json');
  if (strange !== undefined) return refuse(`${strange}: unknown option`);
  const names = named.length === 0 ? BY_DEFAULT : named;
  const cases: string[] = [];
  for (const name of names) {
    if (name === MICRO) continue;
    const found = BENCHMARKS.flatMap((one) => one.cases).filter(
      (one) => one.name === name || one.name.startsWith(`${name}/`),
    );
    if (found.length === 0) return refuse(`${name}: no such benchmark`);
    cases.push(...found.map((one) => one.name));
  }
  if (names.includes(MICRO)) await runMicro();
  if (!json && cases.length > 0) process.stdout.write(`${header()}\n`);
  for (const name of cases) {
    const row = inOwnProcess(name);
    if (row === null) return 1;
    process.stdout.write(`${json ? JSON.stringify(row) : line(row)}\n`);
  }
  return 0;
}

function refuse(message: string): number {
  process.stderr.write(`bench: ${message}\n${help().join('\n')}\n`);
  return 2;
}

function help(): string[] {
  return [
    'npm run bench -- [NAME…] [--json]   NAME is a benchmark or one of its cases, such as omega-day or omega-day/kept',
    ...BENCHMARKS.map((one) => `  ${one.name.padEnd(14)} ${one.title}`),
    `  ${MICRO.padEnd(14)} small parts against their plain alternatives (text only)`,
    `without a name: ${BY_DEFAULT.join(', ')}`,
  ];
}

function inOwnProcess(name: string): BenchRow | null {
  const script = `const { main } = await import(${JSON.stringify(import.meta.url)}); process.exitCode = await main(process.argv.slice(1));`;
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script, '--', CASE_FLAG, name],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1e8,
    },
  );
  if (status !== 0) return null;
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2) + 1)) as BenchRow;
}

async function runCase(name: string): Promise<number> {
  const found = BENCHMARKS.flatMap((one) => one.cases).find((one) => one.name === name);
  if (found === undefined) return refuse(`${name}: no such case`);
  process.stdout.write(`${JSON.stringify(await found.run())}\n`);
  return 0;
}

function header(): string {
  return `${'case'.padEnd(26)}${'CPU s'.padStart(9)}${'wall s'.padStart(9)}${'peak MB'.padStart(9)}${'tasks'.padStart(11)}${'events'.padStart(13)}${'M ev/CPU s'.padStart(12)}${'wait s'.padStart(9)}  hash`;
}

function line(row: BenchRow): string {
  const wait = row.more['meanWaitSeconds'];
  return [
    row.name.padEnd(26),
    row.cpuSeconds.toFixed(2).padStart(9),
    row.wallSeconds.toFixed(2).padStart(9),
    (row.peakRssBytes / 1e6).toFixed(0).padStart(9),
    String(row.tasks).padStart(11),
    String(row.events).padStart(13),
    (row.events / row.cpuSeconds / 1e6).toFixed(2).padStart(12),
    (wait === undefined ? '' : wait.toFixed(3)).padStart(9),
    `  ${row.hash}`,
  ].join('');
}
