import type { AssumptionSpec } from '../model/assumptions.ts';
import type { ReadOptions } from '../model/read-options.ts';
import type { OpenedTrace } from '../model/workload.ts';
import type { TraceFile } from '../text/lines.ts';

/** A file of a trace with its beginning, by which a format recognises it. */
export interface TraceSourceFile extends TraceFile {
  /** Name without folders and without `.gz`. */
  readonly name: string;
  /** The first few thousand characters, unpacked; '' if there are none. */
  readonly head: string;
}

/** What the user named: one or more files, or the files of a folder, in order of name. */
export interface TraceSource {
  readonly name: string;
  readonly files: readonly TraceSourceFile[];
  /** Files beside the named ones, for tables that belong to a trace: a node list, a machine table. */
  siblings(): readonly TraceSourceFile[];
}

/** A format of traces: one file in this folder, one line in the table. */
export interface TraceFormat {
  readonly name: string;
  readonly title: string;
  /** One or two sentences: what is read and what becomes of it. */
  readonly describe: string;
  readonly assumptions: readonly AssumptionSpec[];
  /** Whether this file can be the main file of a trace of this format. Looks at the head only. */
  detect(file: TraceSourceFile): boolean;
  /** Checks what can be checked at once; rows are read by `batches()`. Throws `TraceError`. */
  open(source: TraceSource, options: ReadOptions): Promise<OpenedTrace>;
}

/** The first line of a head. */
export function firstLine(file: TraceSourceFile): string {
  return (file.head.split('\n', 1)[0] ?? '').replace(/\r$/, '');
}

/** Whether the first line is a CSV header with all of `columns`. */
export function hasHeader(file: TraceSourceFile, columns: readonly string[]): boolean {
  const names = new Set(firstLine(file).split(','));
  return columns.every((column) => names.has(column));
}

/** The first file, among the named ones and those beside them, for which `test` holds; null if none. */
export function companion(
  source: TraceSource,
  test: (file: TraceSourceFile) => boolean,
): TraceSourceFile | null {
  return source.files.find(test) ?? source.siblings().find(test) ?? null;
}
