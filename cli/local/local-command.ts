import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUNTIME_NAMES } from '../../drivers/linux/index.ts';
import { Resources, resourceErrorText } from '../../engine/resources/index.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { agentState } from '../cluster/listings.ts';
import { agentsOf } from '../cluster/find-one.ts';
import { parseCount } from '../quantity-arguments.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../usage-error.ts';
import { Daemon } from './daemon.ts';

/** Options of `orrery local` as commander hands them over. */
export interface RawLocalOptions {
  readonly agents: string;
  readonly port: string;
  readonly workDir?: string;
  readonly runtime: string;
  readonly resources?: string;
  readonly json?: boolean;
}

const AGENTS_MAX = 200;
const HOST = '127.0.0.1';
const MIB = 1_024 * 1_024;
const POLL_MILLIS = 100;
const READY_MILLIS = 60_000;
/** Ports that tasks are offered, shared out among the agents. */
const PORTS = { first: 31_000, last: 32_000 };

/** `orrery local`. @returns exit code: 0 after Ctrl-C or SIGTERM, 1 if the master ended by itself */
export async function localCommand(raw: RawLocalOptions): Promise<number> {
  const count = parseCount('--agents', raw.agents, 1, AGENTS_MAX);
  const wanted = parseCount('--port', raw.port, 0, 65_535);
  if (!(RUNTIME_NAMES as readonly string[]).includes(raw.runtime))
    throw new UsageError(`--runtime ${raw.runtime}: unknown; there is ${RUNTIME_NAMES.join(', ')}`);
  if (raw.resources !== undefined) {
    const parsed = Resources.parse(raw.resources);
    if (!parsed.ok) throw new UsageError(`--resources ${raw.resources}: ${resourceErrorText(parsed.error)}`);
  }
  const port = await freePort(wanted);
  const isTemporary = raw.workDir === undefined;
  const workDir =
    raw.workDir === undefined ? await mkdtemp(join(tmpdir(), 'orrery-local-')) : resolve(raw.workDir);
  await mkdir(workDir, { recursive: true });
  const stop = watchStop();
  const daemons: Daemon[] = [];
  try {
    const masterLog = join(workDir, 'master.log');
    const master = await Daemon.start('master', masterLog, [
      'master',
      `--external_log_file=${masterLog}`,
      `--ip=${HOST}`,
      `--port=${port}`,
      `--work_dir=${join(workDir, 'master')}`,
    ]);
    daemons.push(master);
    for (let number = 1; number <= count; number++) {
      const resources = raw.resources ?? shareOf(number, count);
      daemons.push(
        await Daemon.start(`agent ${number}`, join(workDir, `agent-${number}.log`), [
          'agent',
          `--master=${HOST}:${port}`,
          `--ip=${HOST}`,
          '--port=0',
          `--work_dir=${join(workDir, `agent-${number}`)}`,
          `--runtime=${raw.runtime}`,
          `--resources=${resources}`,
        ]),
      );
    }
    const url = `http://${HOST}:${port}`;
    const early = await Promise.race([
      ready(url, count, daemons, stop.asked),
      stop.asked.then(() => 'stopped' as const),
    ]);
    if (early !== 'stopped') announce(raw, url, workDir, daemons);
    const reason =
      early === 'stopped'
        ? early
        : await Promise.race([stop.asked, masterEnded(master), agentsWatched(daemons)]);
    if (reason !== 'stopped')
      throw new ClusterError(`the master ended (${reason}); its log is ${master.logFile}`);
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    process.stderr.write(`orrery: ${error.message}\n`);
    return EXIT_FAILED;
  } finally {
    stop.end();
    await endAll(daemons);
    if (isTemporary) await rm(workDir, { recursive: true, force: true });
  }
}

/** Tasks first, then agents, then the master. */
async function endAll(daemons: readonly Daemon[]): Promise<void> {
  const [master, ...agents] = daemons;
  await Promise.all(agents.map((agent) => agent.end('SIGUSR1')));
  await master?.end('SIGTERM');
}

/** When every agent is registered. Throws ClusterError if one cannot be. */
async function ready(
  url: string,
  count: number,
  daemons: readonly Daemon[],
  asked: Promise<unknown>,
): Promise<void> {
  const stopped = new AbortController();
  const stop = () => {
    stopped.abort();
  };
  asked.then(stop, stop);
  const connection = { url, authorization: null, ca: null };
  for (let waited = 0; waited < READY_MILLIS && !stopped.signal.aborted; waited += POLL_MILLIS) {
    const dead = daemons.find((daemon) => daemon.status !== null);
    if (dead !== undefined)
      throw new ClusterError(
        `${dead.name} has ended (${dead.status}): ${await dead.lastLine()}; its log is ${dead.logFile}`,
      );
    try {
      const agents = await agentsOf(connection);
      if (agents.filter((agent) => agentState(agent) === 'active').length >= count) return;
    } catch (error) {
      // The master is on its way.
      if (!(error instanceof ClusterError)) throw error;
    }
    await sleep(POLL_MILLIS);
  }
  if (!stopped.signal.aborted)
    throw new ClusterError(
      `not all agents have registered after ${READY_MILLIS / 1_000} s; their logs are beside ${daemons[0]!.logFile}`,
    );
}

function announce(raw: RawLocalOptions, url: string, workDir: string, daemons: readonly Daemon[]): void {
  const pids = Object.fromEntries(daemons.map(({ name, pid }) => [name, pid]));
  if (raw.json === true) {
    process.stdout.write(`${JSON.stringify({ ready: url, workDir, pids })}\n`);
    return;
  }
  process.stdout.write(
    [
      `ready ${url}`,
      '',
      `state     ${url}/state`,
      `metrics   ${url}/metrics/snapshot`,
      `work dir  ${workDir}`,
      ...daemons.map(({ name, pid, logFile }) => `${name.padEnd(9)} pid ${pid}, log ${logFile}`),
      '',
      `try       curl -s ${url}/api/v1 -H 'Content-Type: application/json' -d '{"type":"GET_AGENTS"}'`,
      `          npx orrery run --master ${url.slice('http://'.length)} 'echo hello from a task'`,
      '',
      'Ctrl-C ends it all, tasks included.',
      '',
    ].join('\n'),
  );
}

/** Never resolves: an agent that ends is told, and the others go on. */
async function agentsWatched(daemons: readonly Daemon[]): Promise<never> {
  for (const daemon of daemons.slice(1)) {
    void daemon.ended.then((status) => {
      if (!daemon.isEnding)
        process.stderr.write(`orrery: ${daemon.name} has ended (${status}); its log is ${daemon.logFile}\n`);
    });
  }
  return await new Promise<never>(() => {});
}

async function masterEnded(master: Daemon): Promise<string> {
  return await master.ended;
}

function watchStop(): { readonly asked: Promise<'stopped'>; end(): void } {
  let stop: (reason: 'stopped') => void = () => {};
  const asked = new Promise<'stopped'>((done) => {
    stop = done;
  });
  const onSignal = () => {
    stop('stopped');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    asked,
    end() {
      process.removeListener('SIGINT', onSignal);
      process.removeListener('SIGTERM', onSignal);
    },
  };
}

/** The port, if it is free; for 0 one that is. Throws UsageError. */
async function freePort(port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((done, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, done);
    });
    return (server.address() as { readonly port: number }).port;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'EADDRINUSE'
        ? 'something listens there already; give another, or 0 for any free one'
        : message;
    throw new UsageError(`--port ${port}: ${why}`, { cause: error });
  } finally {
    await new Promise((done) => server.close(done));
  }
}

/** What one agent of `count` has of this machine: cpus, memory but for a gigabyte, ports of its own. */
function shareOf(number: number, count: number): string {
  const cpus = Math.floor((availableParallelism() * 1_000) / count) / 1_000;
  const all = Math.floor(totalmem() / MIB);
  const mem = Math.floor((all >= 2_048 ? all - 1_024 : all / 2) / count);
  const ports = Math.floor((PORTS.last - PORTS.first + 1) / count);
  const first = PORTS.first + (number - 1) * ports;
  return `cpus:${cpus};mem:${mem};ports:[${first}-${first + ports - 1}]`;
}
