import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { FORMATS, type TraceFormat, type TraceSource } from './formats/index.ts';
import { GENERATORS, openGenerator, type WorkloadGenerator } from './generators/index.ts';
import type { ReadOptions } from './model/read-options.ts';
import { TraceError } from './model/trace-error.ts';
import type { OpenedTrace } from './model/workload.ts';
import { SAMPLES, samplePath } from './samples.ts';
import { openSource } from './source.ts';

/** What a user's word for a trace turned out to be. */
export type ResolvedTrace =
  | { readonly kind: 'generator'; readonly generator: WorkloadGenerator }
  | { readonly kind: 'data'; readonly format: TraceFormat; readonly source: TraceSource };

/**
 * Finds a bundled sample or a generator by name, or else data by path: a file, a folder, or several of them separated by commas.
 * `format` names the format; null recognises it. A path wins over nothing: `./openb-2023` is a folder, `openb-2023` the sample.
 */
export function resolveTrace(nameOrPath: string, format: string | null = null): ResolvedTrace {
  const sample = SAMPLES.find((candidate) => candidate.name === nameOrPath);
  if (sample !== undefined) {
    const source = openSource(sample.name, [samplePath(sample)]);
    return { kind: 'data', format: formatNamed(format ?? sample.format), source };
  }
  const generator = GENERATORS.find((candidate) => candidate.name === nameOrPath);
  if (generator !== undefined) return { kind: 'generator', generator };
  const source = openSource(shortName(nameOrPath), pathsOf(nameOrPath));
  return {
    kind: 'data',
    format: format === null ? recognise(nameOrPath, source) : formatNamed(format),
    source,
  };
}

/** Opens a sample, a generator or data for a replay. Throws `TraceError`. */
export async function openTrace(nameOrPath: string, options: ReadOptions): Promise<OpenedTrace> {
  const resolved = resolveTrace(nameOrPath, options.format);
  if (resolved.kind === 'generator') return openGenerator(resolved.generator, options);
  const { format, source } = resolved;
  if (!source.files.some((file) => format.detect(file))) {
    throw new TraceError(`${nameOrPath}: no file looks like ${format.name}, expected: ${format.describe}`);
  }
  return format.open(source, options);
}

function recognise(nameOrPath: string, source: TraceSource): TraceFormat {
  const format = FORMATS.find((candidate) => source.files.some((file) => candidate.detect(file)));
  if (format !== undefined) return format;
  if (source.files.length === 1 && source.files[0]!.head === '') {
    throw new TraceError(`${nameOrPath}: the file is empty or cannot be read or unpacked, expected a trace`);
  }
  throw new TraceError(`${nameOrPath}: the format is not known, expected one of: ${names(FORMATS)}`);
}

function formatNamed(name: string): TraceFormat {
  const format = FORMATS.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  throw new TraceError(`unknown trace format "${name}", expected one of: ${names(FORMATS)}`);
}

/** One path that exists, else several separated by commas. */
function pathsOf(text: string): string[] {
  if (existsSync(text)) return [text];
  const paths = text.split(',').filter((path) => path !== '');
  if (paths.length > 1) return paths;
  throw new TraceError(
    `there is no trace "${text}": no such file or folder, no sample (${names(SAMPLES)}), no generator (${names(GENERATORS)})`,
  );
}

function shortName(path: string): string {
  return path
    .split(',')
    .filter((part) => part !== '')
    .map((part) => basename(part))
    .join(',');
}

function names(entries: readonly { readonly name: string }[]): string {
  return entries.map((entry) => entry.name).join(', ');
}
