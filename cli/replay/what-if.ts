import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { QuotaConfig } from '../../engine/protocol/index.ts';
import type { Distribution, Summary } from '../../reports/index.ts';
import { type OpenedTrace, TraceError, writeTrace } from '../../traces/index.ts';
import { parseCluster } from '../cluster-argument.ts';
import { makeProgress } from '../progress.ts';
import { runSimulation } from '../simulate/run-simulation.ts';
import { type RawSimulateOptions, readSimulateOptions } from '../simulate/simulate-options.ts';
import { UsageError } from '../usage-error.ts';
import { readVersion } from '../version.ts';
import type { RecordedWorkload } from './recorded-workload.ts';

/** What may be changed. */
export interface WhatIfOptions {
  readonly at?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly allocator?: string;
  readonly timing?: string;
  readonly quota: readonly string[];
  readonly weight: readonly string[];
  readonly addAgents?: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** The same workload simulated as it was recorded, and with the change. */
export interface Difference {
  readonly folder: string;
  readonly recorded: Summary;
  readonly changed: Summary;
}

export function isWhatIf(options: WhatIfOptions): boolean {
  const { allocator, timing, quota, weight, addAgents } = options;
  return (
    allocator !== undefined ||
    timing !== undefined ||
    addAgents !== undefined ||
    quota.length > 0 ||
    weight.length > 0
  );
}

/** Writes the workload as a trace; its files. Throws UsageError. */
export async function exportWorkload(trace: OpenedTrace, folder: string): Promise<readonly string[]> {
  try {
    const { files } = await writeTrace(trace, 'orrery-csv', resolve(folder));
    return files;
  } catch (error) {
    if (error instanceof TraceError) throw new UsageError(error.message);
    throw error;
  }
}

/** What of the recorded master the simulation takes over. */
export interface RecordedMaking {
  readonly allocator: string;
  readonly timing: string;
  readonly remaindersAtOnce: boolean;
}

/**
 * Simulates the recorded workload twice, under the quotas, weights and policy of the instant and under the changed ones, so that what is
 * compared differs by the change alone. Throws UsageError.
 */
export async function whatIf(
  trace: OpenedTrace,
  then: RecordedWorkload,
  options: WhatIfOptions,
  making: RecordedMaking,
): Promise<Difference> {
  const folder = resolve(options.out ?? 'orrery-out/replay');
  if (existsSync(folder)) {
    if (options.force !== true)
      throw new UsageError(`--out ${folder}: it exists already; give --force to replace it`);
    rmSync(folder, { recursive: true });
  }
  const machines = [
    ...trace.cluster!.machines,
    ...(options.addAgents === undefined ? [] : parseCluster(options.addAgents)),
  ].map((machine, index) => ({ ...machine, name: `${machine.name}-${index}` }));
  const roles = new Set<string>();
  for await (const batch of trace.workload.batches()) for (const { role } of batch) roles.add(role);
  mkdirSync(folder, { recursive: true });
  const own = join(folder, 'trace');
  const more = join(folder, 'trace-more-agents');
  await exportWorkload(trace, own);
  if (options.addAgents !== undefined) {
    await exportWorkload({ ...trace, cluster: { ...trace.cluster!, machines } }, more);
  }
  const isUsed = (role: string) => [...roles].some((one) => one === role || one.startsWith(`${role}/`));
  const quotas = then.quotas.filter(({ role }) => isUsed(role));
  const weights = then.weights.filter(([role]) => roles.has(role));
  const base = {
    ...SIMULATION,
    seed: options.seed,
    trace: own,
    allocator: making.allocator,
    timing: making.timing,
    remaindersAtOnce: making.remaindersAtOnce,
    quota: quotas.map(quotaArgument),
    weight: weights.map(([role, weight]) => `${role}=${weight}`),
  };
  const changedRoles = new Set(options.quota.map(roleOf));
  const changedWeights = new Set(options.weight.map(roleOf));
  const changed = {
    ...base,
    trace: options.addAgents === undefined ? own : more,
    allocator: options.allocator ?? base.allocator,
    timing: options.timing ?? base.timing,
    quota: [...base.quota.filter((one) => !changedRoles.has(roleOf(one))), ...options.quota],
    weight: [...base.weight.filter((one) => !changedWeights.has(roleOf(one))), ...options.weight],
  };
  return {
    folder,
    recorded: await simulate(base, join(folder, 'recorded'), options.json === true),
    changed: await simulate(changed, join(folder, 'changed'), options.json === true),
  };
}

/** Options of `orrery simulate` by default. */
const SIMULATION: Omit<RawSimulateOptions, 'trace' | 'allocator' | 'timing' | 'seed'> = {
  roleSorter: 'drf',
  frameworkSorter: 'drf',
  faults: 'off',
  policy: 'suppress',
  refuseSeconds: '5',
  offerTimeout: '5m',
  frameworksPerRole: '1',
  attempts: '10',
  backfill: '0',
  forceQuota: true,
  timeScale: '1',
  skipBadRows: true,
  taskTable: true,
};

async function simulate(raw: RawSimulateOptions, folder: string, quiet: boolean): Promise<Summary> {
  const options = readSimulateOptions({ ...raw, out: folder });
  const written = await runSimulation(options, {
    version: readVersion(),
    command: `npx orrery simulate --trace ${raw.trace}`,
    makeProgress: (title) => makeProgress(quiet ? 'none' : 'auto', title),
    isInterrupted: () => false,
  });
  return written.summary;
}

function quotaArgument({ role, guarantees, limits }: QuotaConfig): string {
  const parts = [
    guarantees.isEmpty ? null : `guarantee:${guarantees.toString()}`,
    limits.isEmpty ? null : `limit:${limits.toString()}`,
  ];
  return `${role}=${parts.filter((part) => part !== null).join('|')}`;
}

function roleOf(argument: string): string {
  return argument.slice(0, argument.indexOf('='));
}

/** A table of the two, for a person. */
export function differenceLines({ folder, recorded, changed }: Difference): string[] {
  const lines = [
    '',
    `what if   ${'recorded'.padStart(14)}${'changed'.padStart(14)}${'difference'.padStart(14)}`,
  ];
  const row = (name: string, a: number, b: number, digits: number) => {
    const texts = [a, b, b - a].map((value) => value.toFixed(digits).padStart(14));
    lines.push(`${name.padEnd(10)}${texts.join('')}`);
  };
  row('jobs', recorded.counts.jobs.total, changed.counts.jobs.total, 0);
  row('finished', recorded.counts.jobs.byState.FINISHED, changed.counts.jobs.byState.FINISHED, 0);
  const waits: readonly [string, keyof Distribution][] = [
    ['wait mean', 'mean'],
    ['wait p50', 'p50'],
    ['wait p90', 'p90'],
    ['wait p99', 'p99'],
  ];
  for (const [name, key] of waits) row(name, recorded.wait[key], changed.wait[key], 3);
  lines.push(`          waits in seconds; reports in ${folder}/recorded and ${folder}/changed`);
  return lines;
}
