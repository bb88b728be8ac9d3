import { readFileSync } from 'node:fs';
import {
  allocatorOptionsOf,
  domainOf,
  JournalError,
  journalOptionsOf,
  MASTER_FLAGS,
  masterOptionsOf,
  masterSecurityOf,
  RegistryStoreError,
  startMasterDaemon,
  tlsFromEnvironment,
} from '../../drivers/linux/index.ts';
import { loadAllocator } from '../allocator-argument.ts';
import { ORRERY } from '../orrery-program.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../usage-error.ts';
import { readVersion } from '../version.ts';
import { daemonLog } from './daemon-log.ts';
import { asUsageError, readFlags } from './read-flags.ts';

/** The least version that agents and frameworks of Mesos know what to do with (spec 01 §6). */
const MESOS_VERSION = '1.12.0';

/**
 * `orrery master`: runs a master until SIGTERM or Ctrl-C. @returns exit code: 0 after a stop, 1 if the master cannot go on, for whoever restarts it.
 * Throws UsageError.
 */
export async function masterCommand(args: readonly string[]): Promise<number> {
  const parsed = readFlags(MASTER_FLAGS, args, 'orrery master --work_dir=DIR [flags]', 'Runs a master.');
  if (parsed === null) return EXIT_OK;
  const { values: flags } = parsed;
  if (flags.work_dir === null)
    throw new UsageError('--work_dir is missing: give a folder, such as --work_dir=/var/lib/orrery');
  if (flags.registry !== 'level' && flags.registry !== 'in_memory')
    throw new UsageError(`--registry is '${flags.registry}'; expected level or in_memory`);
  if (flags.port < 0 || flags.port > 65_535)
    throw new UsageError(`--port is '${flags.port}'; expected 0 to 65535`);
  const domain = asUsageError(() => domainOf(flags.domain));
  const { authentication, acls, rateLimits } = asUsageError(() => masterSecurityOf(flags));
  const tls = asUsageError(() => tlsFromEnvironment(process.env, (path) => readFileSync(path, 'utf8')));
  const log = daemonLog('master', flags.logging_level, flags.quiet);
  try {
    const master = await startMasterDaemon({
      host: flags.ip,
      port: flags.port,
      advertise: {
        ...(flags.hostname === null ? {} : { hostname: flags.hostname }),
        ...(flags.advertise_ip === null ? {} : { ip: flags.advertise_ip }),
        ...(flags.advertise_port === null ? {} : { port: flags.advertise_port }),
      },
      workDir: flags.work_dir,
      registry: flags.registry,
      allocatorName: flags.allocator,
      allocator: await loadAllocator(flags.allocator, false),
      master: {
        ...asUsageError(() => masterOptionsOf(flags)),
        acls,
        rateLimits,
        address: { hostname: flags.hostname ?? flags.ip, port: flags.port, version: MESOS_VERSION, domain },
      },
      allocatorOptions: asUsageError(() => allocatorOptionsOf(flags)),
      program: readVersion(),
      journal: journalOptionsOf(flags),
      compactor: (folder, segment) => [
        ORRERY,
        'replay',
        folder,
        '--compact',
        String(segment),
        '--until-stdin-closes',
      ],
      decisions: flags.decision_trace,
      log,
      authentication,
      ...(tls === null ? {} : { tls }),
      ...(flags.cluster === null ? {} : { clusterName: flags.cluster }),
      ...(flags.external_log_file === null ? {} : { logFile: flags.external_log_file }),
      flags: parsed.shown,
    });
    log.info({ url: master.url, workDir: flags.work_dir }, 'listening');
    const reason = await Promise.race([
      stopAsked(flags.until_stdin_closes),
      master.ended.then((why) => ({ why })),
    ]);
    if (typeof reason !== 'string') {
      log.fatal({ reason: reason.why }, 'the master cannot go on');
      return EXIT_FAILED;
    }
    log.info({ signal: reason }, 'stopping');
    await master.close();
    return EXIT_OK;
  } catch (error) {
    throw startError(error);
  }
}

/** Why a daemon could not start, as something that the user can mend. */
export function startError(error: unknown): unknown {
  if (error instanceof RegistryStoreError || error instanceof JournalError)
    return new UsageError(error.message, { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new UsageError(`${message}: something listens there already; give another --port`, {
      cause: error,
    });
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'EEXIST')
    return new UsageError(message, { cause: error });
  return error;
}

/** Resolves with the signal, or when standard input closes if that counts. */
export function stopAsked(untilStdinCloses: boolean): Promise<string> {
  return new Promise((resolve) => {
    const stop = (why: string) => {
      // An open standard input would keep the process.
      if (untilStdinCloses) process.stdin.destroy();
      resolve(why);
    };
    process.once('SIGINT', () => {
      stop('SIGINT');
    });
    process.once('SIGTERM', () => {
      stop('SIGTERM');
    });
    if (!untilStdinCloses) return;
    process.stdin.once('end', () => {
      stop('end of input');
    });
    process.stdin.resume();
  });
}
