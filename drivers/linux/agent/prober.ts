import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { ContainerHandle, Probe, ProbeResult, ProbeUse } from '../../../engine/agent/index.ts';
import { type Micros, MICROS_PER_MILLISECOND } from '../../../engine/core/index.ts';
import type { AgentContainer, AgentContainers } from './agent-containers.ts';

const REDIRECTS_MAX = 10;
const TIMER_MAX_MS = 2 ** 31 - 1;

/** A probe's own end, before its time or because it is not wanted any more. */
class ProbeAborted extends Error {
  readonly isTimeout: boolean;
  constructor(isTimeout: boolean) {
    super(isTimeout ? 'timed out' : 'stopped');
    this.isTimeout = isTimeout;
  }
}

/** Looks at tasks from inside their containers (spec 07 §7): the port behind the agent's `probe` and `stopProbes`. */
export class Prober {
  readonly #containers: Pick<AgentContainers, 'find' | 'runtimeOf'>;
  readonly #probed: (container: ContainerHandle, use: ProbeUse, result: ProbeResult) => void;
  readonly #underWay = new Map<string, AbortController>();

  constructor(
    containers: Pick<AgentContainers, 'find' | 'runtimeOf'>,
    probed: (container: ContainerHandle, use: ProbeUse, result: ProbeResult) => void,
  ) {
    this.#containers = containers;
    this.#probed = probed;
  }

  /** Answered once by `probed`, unless it is stopped before. @param timeout null for none */
  probe(handle: ContainerHandle, use: ProbeUse, probe: Probe, timeout: Micros | null): void {
    const key = `${handle} ${use}`;
    const abort = new AbortController();
    this.#underWay.get(key)?.abort(new ProbeAborted(false));
    this.#underWay.set(key, abort);
    const timer =
      timeout === null
        ? null
        : setTimeout(
            () => {
              abort.abort(new ProbeAborted(true));
            },
            Math.min(timeout / MICROS_PER_MILLISECOND, TIMER_MAX_MS),
          );
    const tell = (result: ProbeResult): void => {
      if (timer !== null) clearTimeout(timer);
      if (this.#underWay.get(key) !== abort) return;
      this.#underWay.delete(key);
      this.#probed(handle, use, result);
    };
    this.#look(handle, probe, abort.signal).then(tell, (error: unknown) => {
      const { reason } = abort.signal as { reason: unknown };
      if (abort.signal.aborted && reason instanceof ProbeAborted) {
        if (reason.isTimeout) tell({ kind: 'timedOut' });
        else if (timer !== null) clearTimeout(timer);
      } else {
        tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
      }
    });
  }

  stop(handle: ContainerHandle): void {
    for (const use of ['healthCheck', 'check'] as const) {
      const key = `${handle} ${use}`;
      const abort = this.#underWay.get(key);
      this.#underWay.delete(key);
      abort?.abort(new ProbeAborted(false));
    }
  }

  close(): void {
    const all = [...this.#underWay.values()];
    this.#underWay.clear();
    for (const abort of all) abort.abort(new ProbeAborted(false));
  }

  async #look(handle: ContainerHandle, probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
    const container = this.#containers.find(handle);
    if (container === null || container.state !== 'running') throw new Error('the container does not run');
    switch (probe.type) {
      case 'COMMAND':
        return await this.#run(container, probe.command, signal);
      case 'HTTP': {
        const host = addressOf(container, probe.protocol);
        const { scheme, port, path } = probe;
        const bracketed = host.includes(':') ? `[${host}]` : host;
        return {
          kind: 'responded',
          statusCode: await statusOf(new URL(`${scheme}://${bracketed}:${port}${path}`), signal, 0),
        };
      }
      case 'TCP':
        return {
          kind: 'connected',
          succeeded: await connects(addressOf(container, probe.protocol), probe.port, signal),
        };
    }
  }

  async #run(
    container: AgentContainer,
    command: Extract<Probe, { readonly type: 'COMMAND' }>['command'],
    signal: AbortSignal,
  ): Promise<ProbeResult> {
    const { shell, value, args, environment } = command;
    if (value === null) throw new Error('the check has no command');
    const session = await this.#containers.runtimeOf(container)!.exec(container.text, {
      argv: shell ? ['/bin/sh', '-c', value] : [value, ...args.slice(1)],
      environment: {
        ...container.environment,
        ...Object.fromEntries(
          environment.map(({ name, value: text, secret }) => [name, text ?? secret ?? '']),
        ),
      },
      terminal: null,
    });
    const kill = (): void => {
      session.kill();
    };
    if (signal.aborted) kill();
    else signal.addEventListener('abort', kill, { once: true });
    session.stdin.end();
    session.stdout.resume();
    session.stderr?.resume();
    const exitCode = await session.ended;
    signal.removeEventListener('abort', kill);
    signal.throwIfAborted();
    return { kind: 'exited', exitCode };
  }
}

/** The container's own address, that of the pod that it is in, or the host's loopback. */
function addressOf(container: AgentContainer, protocol: 'IPv4' | 'IPv6'): string {
  for (let each: AgentContainer | null = container; each !== null; each = each.parent) {
    const own = each.ipAddresses.find((address) => address.includes(':') === (protocol === 'IPv6'));
    if (own !== undefined) return own;
  }
  return protocol === 'IPv6' ? '::1' : '127.0.0.1';
}

/** After redirects. Certificates are not looked at: the name is an address. */
function statusOf(url: URL, signal: AbortSignal, redirects: number): Promise<number> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return Promise.reject(new Error(`a check cannot ask ${url.protocol.slice(0, -1)}, only http and https`));
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = make(url, { agent: false, signal, rejectUnauthorized: false }, (response) => {
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      response.destroy();
      if (status < 300 || status > 399 || location === undefined) {
        resolve(status);
        return;
      }
      if (redirects === REDIRECTS_MAX) {
        reject(new Error(`redirected more than ${REDIRECTS_MAX} times`));
        return;
      }
      let next: URL;
      try {
        next = new URL(location, url);
      } catch {
        reject(new Error(`redirected to ${JSON.stringify(location)}, which is no URL`));
        return;
      }
      statusOf(next, signal, redirects + 1).then(resolve, reject);
    });
    request.on('error', reject);
    request.end();
  });
}

function connects(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    const settle = (succeeded: boolean): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(succeeded);
    };
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}
