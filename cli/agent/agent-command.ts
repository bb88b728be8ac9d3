import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, type Level, type Logger, multistream, pino, destination } from 'pino';
import {
  AGENT_FLAGS,
  AgentError,
  agentOptions,
  FlagError,
  type FlagSpec,
  parseFlags,
  startAgent,
  tlsFromEnvironment,
} from '../../drivers/linux/index.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../usage-error.ts';

const LEVELS: { readonly [name: string]: Level } = { INFO: 'info', WARNING: 'warn', ERROR: 'error' };

/**
 * `orrery agent`: runs an agent until it is told to end. SIGTERM and SIGINT end it and leave its tasks running; SIGUSR1 takes it out of the
 * cluster and ends them. @returns the exit code
 */
export async function agentCommand(args: readonly string[], out: (line: string) => void): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    out(agentHelp());
    return EXIT_OK;
  }
  const parsed = parsedFlags(args);
  const { values } = parsed;
  const level = LEVELS[values.logging_level];
  if (level === undefined)
    throw new UsageError(
      `--logging_level is '${values.logging_level}'; expected ${Object.keys(LEVELS).join(', ')}`,
    );
  const log = agentLog(level, values.quiet, values.log_dir);
  const options = usage(() => agentOptions(parsed));
  const tls = usage(() => tlsFromEnvironment(process.env, (path) => readFileSync(path, 'utf8')));
  let agent;
  try {
    agent = await startAgent({
      ...options,
      ...(tls === null ? {} : { tls, link: { ...options.link, ...linkOverTls(tls.options.ca) } }),
      log,
      ...(values.log_dir === null ? {} : { logFile: logPath(values.log_dir) }),
    });
  } catch (error) {
    if (error instanceof AgentError) throw new UsageError(error.message);
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new UsageError(
        `something else listens on ${values.ip}:${values.port}; give another --port, or 0 for any free one`,
      );
    throw error;
  }
  log.info({ url: agent.url }, 'the agent listens');
  const stop = (): void => {
    void agent.stop();
  };
  const unregister = (): void => {
    void agent.unregister();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGUSR1', unregister);
  if (values.until_stdin_closes) process.stdin.once('end', unregister).resume();
  const { reason, isFailure } = await agent.ended;
  process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGUSR1', unregister);
  // An open standard input would keep the process.
  if (values.until_stdin_closes) process.stdin.destroy();
  log.info({ reason }, 'the agent ends');
  if (!isFailure) return EXIT_OK;
  process.stderr.write(`orrery: the agent cannot go on: ${reason}\n`);
  return EXIT_FAILED;
}

/** An agent with a certificate talks to its master over TLS, too. */
function linkOverTls(ca: unknown): { readonly secure: true; readonly ca?: string } {
  return typeof ca === 'string' ? { secure: true, ca } : { secure: true };
}

function parsedFlags(args: readonly string[]) {
  return usage(() =>
    parseFlags(AGENT_FLAGS, {
      args,
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
    }),
  );
}

function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FlagError)
      throw new UsageError(`${error.message} (orrery agent --help lists the flags)`);
    throw error;
  }
}

function logPath(folder: string): string {
  return join(folder, 'orrery-agent.log');
}

function agentLog(level: Level, isQuiet: boolean, folder: string | null): Logger {
  const streams: { readonly level: Level; readonly stream: DestinationStream }[] = [];
  if (!isQuiet) streams.push({ level, stream: destination({ dest: 2, sync: true }) });
  if (folder !== null) {
    try {
      mkdirSync(folder, { recursive: true });
      streams.push({ level, stream: destination({ dest: logPath(folder), append: true, sync: true }) });
    } catch (error) {
      throw new UsageError(`--log_dir: ${folder} cannot be used: ${(error as Error).message}`);
    }
  }
  return pino({ level, base: null }, multistream(streams));
}

function agentHelp(): string {
  const lines = Object.entries<FlagSpec>(AGENT_FLAGS).map(([name, { kind, help, default: standard }]) => {
    const shown = kind === 'boolean' ? `--[no-]${name}` : `--${name}=<${kind}>`;
    const preset = standard === null ? '' : ` (default: ${standard})`;
    return `  ${shown.padEnd(44)} ${help}${preset}`;
  });
  return [
    'Usage: orrery agent --master=host:port --work_dir=DIR [flags]',
    '',
    'Runs an agent: offers the resources of this machine to the master, and runs tasks.',
    'SIGTERM ends it and leaves its tasks running; the next agent on the work directory finds them.',
    'SIGUSR1 takes it out of the cluster and ends its tasks.',
    '',
    'Every flag may come from the environment as MESOS_NAME, and its value from a file as file:///path.',
    '',
    ...lines,
  ].join('\n');
}
