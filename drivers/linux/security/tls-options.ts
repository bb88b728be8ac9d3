import type { ServerOptions as TlsOptions } from 'node:https';
import { FlagError } from '../flags/parse-flags.ts';

type Environment = { readonly [name: string]: string | undefined };
type Version = NonNullable<TlsOptions['minVersion']>;

const PREFIX = 'LIBPROCESS_SSL_';
const VERSIONS: readonly (readonly [string, Version])[] = [
  ['ENABLE_TLS_V1_0', 'TLSv1'],
  ['ENABLE_TLS_V1_1', 'TLSv1.1'],
  ['ENABLE_TLS_V1_2', 'TLSv1.2'],
  ['ENABLE_TLS_V1_3', 'TLSv1.3'],
];

/**
 * TLS as Mesos's environment says (spec 14 §3): `LIBPROCESS_SSL_ENABLED`, `_KEY_FILE`, `_CERT_FILE`, `_CA_FILE`, `_REQUIRE_CLIENT_CERT`,
 * `_SUPPORT_DOWNGRADE`, `_CIPHERS`, `_ENABLE_TLS_V1_{0,1,2,3}`. Null without it. Throws FlagError.
 */
export function tlsFromEnvironment(
  env: Environment,
  readFile: (path: string) => string,
): { readonly options: TlsOptions; readonly allowsPlain: boolean } | null {
  const flag = (name: string, otherwise: boolean): boolean => {
    const text = env[PREFIX + name];
    if (text === undefined || text === '') return otherwise;
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw new FlagError(`${PREFIX}${name} is '${text}'; expected true or false`);
  };
  if (!flag('ENABLED', false)) return null;
  const file = (name: string): string => {
    const path = env[PREFIX + name];
    if (path === undefined || path === '') throw new FlagError(`${PREFIX}${name} is missing: TLS needs it`);
    try {
      return readFile(path);
    } catch (error) {
      throw new FlagError(`${PREFIX}${name}: cannot read ${path}`, { cause: error });
    }
  };
  const versions = VERSIONS.filter(([name]) => flag(name, name.endsWith('2') || name.endsWith('3')));
  if (versions.length === 0) throw new FlagError(`No version of TLS is enabled by ${PREFIX}ENABLE_TLS_V1_…`);
  const ciphers = env[`${PREFIX}CIPHERS`];
  const requiresClient = flag('REQUIRE_CLIENT_CERT', false);
  return {
    options: {
      key: file('KEY_FILE'),
      cert: file('CERT_FILE'),
      ...(env[`${PREFIX}CA_FILE`] === undefined && !requiresClient ? {} : { ca: file('CA_FILE') }),
      ...(ciphers === undefined || ciphers === '' ? {} : { ciphers }),
      minVersion: versions[0]![1],
      maxVersion: versions.at(-1)![1],
      requestCert: requiresClient,
      rejectUnauthorized: requiresClient,
    },
    allowsPlain: flag('SUPPORT_DOWNGRADE', false),
  };
}
