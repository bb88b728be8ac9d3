import { type Logger, pino } from 'pino';
import { UsageError } from '../usage-error.ts';

const LEVELS: { readonly [name: string]: string } = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
};

/** The log of a daemon: JSON lines to standard error. Throws UsageError. */
export function daemonLog(name: string, level: string, quiet: boolean): Logger {
  const found = LEVELS[level.toUpperCase()];
  if (found === undefined)
    throw new UsageError(`--logging_level is '${level}'; expected ${Object.keys(LEVELS).join(', ')}`);
  return pino({ name, level: quiet ? 'silent' : found }, pino.destination({ dest: 2, sync: true }));
}
