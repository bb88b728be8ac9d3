import { readFileSync } from 'node:fs';
import {
  FlagError,
  flagsHelp,
  type FlagTable,
  parseFlags,
  type ParsedFlags,
} from '../../drivers/linux/index.ts';
import { UsageError } from '../usage-error.ts';

/** Flags of a daemon from its command line and the environment; null after `--help`, which is printed. Throws UsageError. */
export function readFlags<Table extends FlagTable>(
  table: Table,
  args: readonly string[],
  usage: string,
  about: string,
): ParsedFlags<Table> | null {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${flagsHelp(usage, about, table)}\n`);
    return null;
  }
  return asUsageError(() =>
    parseFlags(table, { args, env: process.env, readFile: (path) => readFileSync(path, 'utf8') }),
  );
}

/** What flags say cannot be used: one line for the user. */
export function asUsageError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FlagError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
