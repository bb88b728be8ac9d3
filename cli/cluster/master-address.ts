import { readFileSync } from 'node:fs';
import { UsageError } from '../usage-error.ts';

/** Who the master is and who asks, as every command that talks to a cluster has it. */
export interface RawConnection {
  readonly master?: string;
  readonly principal?: string;
  readonly secretFile?: string;
  readonly cacert?: string;
  readonly json?: boolean;
}

export interface Connection {
  /** Such as `http://127.0.0.1:5050`, without a slash at the end. */
  readonly url: string;
  /** For the `Authorization` header, null for none. */
  readonly authorization: string | null;
  /** A certificate authority to trust besides the system's, PEM; null for none. */
  readonly ca: string | null;
  /** Of an agent's own API; a master's otherwise. */
  readonly isAgent?: true;
}

const DEFAULT_MASTER = '127.0.0.1:5050';

/**
 * Reads `--master`, `--principal` and `--secret-file`, or ORRERY_MASTER, MESOS_MASTER, ORRERY_PRINCIPAL, ORRERY_SECRET from the environment. A
 * secret is never taken from the command line: everybody on the host can read that. Throws UsageError.
 */
export function readConnection(raw: RawConnection, env: NodeJS.ProcessEnv = process.env): Connection {
  const master = raw.master ?? env['ORRERY_MASTER'] ?? env['MESOS_MASTER'] ?? DEFAULT_MASTER;
  return {
    url: masterUrl(master),
    authorization: authorization(raw, env),
    ca: fileText('--cacert', raw.cacert),
  };
}

function masterUrl(text: string): string {
  const withScheme = /^https?:\/\//.test(text) ? text : `http://${text}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch (error) {
    throw new UsageError(`--master ${text}: not an address; give host:port or http(s)://host:port`, {
      cause: error,
    });
  }
  if (url.hostname === '' || url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw new UsageError(`--master ${text}: not an address; give host:port or http(s)://host:port`);
  // A port that is the scheme's own is left out by the parser; one that was not given is Mesos's.
  const given = /:(\d+)\/?$/.exec(text)?.[1];
  return `${url.protocol}//${url.hostname}:${given ?? '5050'}`;
}

function authorization(raw: RawConnection, env: NodeJS.ProcessEnv): string | null {
  const principal = raw.principal ?? env['ORRERY_PRINCIPAL'];
  const secret = fileText('--secret-file', raw.secretFile)?.replace(/\r?\n$/, '') ?? env['ORRERY_SECRET'];
  if (principal === undefined && secret === undefined) return null;
  if (principal === undefined)
    throw new UsageError('there is a secret and nobody it belongs to: give --principal');
  if (secret === undefined)
    throw new UsageError(
      `--principal ${principal}: there is no secret; give --secret-file, or set ORRERY_SECRET`,
    );
  return `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
}

function fileText(option: string, path: string | undefined): string | null {
  if (path === undefined) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option} ${path}: ${(error as Error).message}`, { cause: error });
  }
}
