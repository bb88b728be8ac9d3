import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { jobsCsv, machineEventsCsv, machinesCsv } from './export/orrery-csv.ts';
import { SWF_LOSSES, swfText } from './export/swf.ts';
import type { ReadOptions } from './model/read-options.ts';
import { TraceError } from './model/trace-error.ts';
import type { OpenedTrace, WorkloadReport } from './model/workload.ts';
import { openTrace } from './open.ts';

export const CONVERSION_TARGETS = ['orrery-csv', 'swf'] as const;
export type ConversionTarget = (typeof CONVERSION_TARGETS)[number];

/** What a conversion wrote. */
export interface Conversion {
  readonly files: readonly string[];
  readonly report: WorkloadReport;
  readonly assumptions: readonly string[];
  /** What the target has no place for. */
  readonly losses: readonly string[];
}

/** Reads a trace by name or path and writes it in another format. Throws `TraceError`. */
export async function convertTrace(
  nameOrPath: string,
  options: ReadOptions,
  target: ConversionTarget,
  out: string,
): Promise<Conversion> {
  return writeTrace(await openTrace(nameOrPath, options), target, out);
}

/**
 * Writes a trace: `orrery-csv` to a new folder `out`, `swf` to a new file `out` (packed if it ends in `.gz`).
 * Everything is written beside `out` and moved there at the end: a failure leaves nothing behind. Throws `TraceError`.
 */
export async function writeTrace(
  opened: OpenedTrace,
  target: ConversionTarget,
  out: string,
): Promise<Conversion> {
  if (existsSync(out))
    throw new TraceError(`${out} exists already, expected a new ${target === 'swf' ? 'file' : 'folder'}`);
  const parent = dirname(out);
  if (!existsSync(parent) || !statSync(parent).isDirectory()) {
    throw new TraceError(`${parent} is no folder, expected one to write ${out} into`);
  }
  const partial = `${out}.partial`;
  rmSync(partial, { recursive: true, force: true });
  try {
    const files =
      target === 'swf' ? await writeSwf(opened, partial, out) : await writeOrreryCsv(opened, partial, out);
    renameSync(partial, out);
    const { workload } = opened;
    return {
      files,
      report: workload.report(),
      assumptions: [...workload.assumptions, ...(opened.cluster?.assumptions ?? [])],
      losses: target === 'swf' ? SWF_LOSSES : [],
    };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

async function writeSwf({ workload, cluster }: OpenedTrace, partial: string, out: string): Promise<string[]> {
  await write(swfText(workload, cluster), partial, out.endsWith('.gz'));
  return [out];
}

async function writeOrreryCsv(
  { workload, cluster }: OpenedTrace,
  partial: string,
  out: string,
): Promise<string[]> {
  mkdirSync(partial);
  const tables: [string, Iterable<string> | AsyncIterable<string>][] = [['jobs.csv', jobsCsv(workload)]];
  if (cluster !== null) {
    tables.push(['machines.csv', machinesCsv(cluster)]);
    if (cluster.events.length > 0) tables.push(['machine_events.csv', machineEventsCsv(cluster)]);
  }
  for (const [name, text] of tables) await write(text, join(partial, name), false);
  return tables.map(([name]) => join(out, name));
}

async function write(
  text: Iterable<string> | AsyncIterable<string>,
  path: string,
  packed: boolean,
): Promise<void> {
  const file = createWriteStream(path);
  if (packed) await pipeline(Readable.from(text), createGzip(), file);
  else await pipeline(Readable.from(text), file);
}
