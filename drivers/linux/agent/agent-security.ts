import type { Acls } from '../../../engine/authorization/index.ts';
import type { AgentLinkOptions } from '../http/agent-link.ts';
import { FlagError, type FlagTable, type FlagValues } from '../flags/parse-flags.ts';
import { Authentication, type Realm } from '../security/authentication.ts';
import { parseCredentials } from '../security/credentials.ts';
import { aclsOf } from '../security/permissions.ts';
import { ExecutorTokens } from './executor-tokens.ts';

/** The agent's flags about who may do what (spec 14, 17). */
export const AGENT_SECURITY_FLAGS = {
  credential: {
    kind: 'file',
    default: null,
    secret: true,
    help: 'file with the principal and secret that this agent proves itself to the master with',
  },
  http_credentials: {
    kind: 'file',
    default: null,
    secret: true,
    help: 'file with the principals and secrets of operators',
  },
  authenticate_http_readonly: {
    kind: 'boolean',
    default: 'false',
    help: 'who reads must prove who it is',
  },
  authenticate_http_readwrite: {
    kind: 'boolean',
    default: 'false',
    help: 'who changes something must prove who it is',
    aliases: ['authenticate_http'],
  },
  authenticate_http_executors: {
    kind: 'boolean',
    default: 'false',
    help: 'executors must show the token that they were given',
  },
  jwt_secret_key: {
    kind: 'file',
    default: null,
    secret: true,
    help: 'file with the key that signs those tokens',
  },
  acls: { kind: 'json', default: null, help: 'access control lists, or file:///path to them' },
} as const satisfies FlagTable;

export interface AgentSecurity {
  readonly authentication: Authentication;
  readonly tokens: ExecutorTokens | null;
  readonly acls: Acls | null;
  readonly credential: NonNullable<AgentLinkOptions['credential']> | null;
}

/** Throws FlagError. */
export function agentSecurity(flags: FlagValues<typeof AGENT_SECURITY_FLAGS>): AgentSecurity {
  const realms = new Set<Realm>();
  if (flags.authenticate_http_readonly) realms.add('mesos-agent-readonly');
  if (flags.authenticate_http_readwrite) realms.add('mesos-agent-readwrite');
  if (realms.size > 0 && flags.http_credentials === null)
    throw new FlagError('--http_credentials is not given, and somebody must prove who it is: nobody could');
  if (flags.authenticate_http_executors && (flags.jwt_secret_key ?? '') === '')
    throw new FlagError('--jwt_secret_key is not given, and executors must show tokens signed with it');
  return {
    authentication:
      flags.http_credentials === null
        ? Authentication.NONE
        : new Authentication(credentialsOf('http_credentials', flags.http_credentials), realms),
    tokens: flags.authenticate_http_executors ? new ExecutorTokens(Buffer.from(flags.jwt_secret_key!)) : null,
    acls: aclsOf(flags.acls),
    credential: flags.credential === null ? null : ownCredential(flags.credential),
  };
}

function credentialsOf(flag: string, text: string): ReadonlyMap<string, string> {
  try {
    return parseCredentials(text);
  } catch (error) {
    throw new FlagError(`--${flag}: ${(error as Error).message}`, { cause: error });
  }
}

/** One principal: as a line, as `{"principal": …, "secret": …}`, or as a list of one. */
function ownCredential(text: string): { readonly principal: string; readonly secret: string } {
  const bare = /^\s*\{\s*"(?:principal|secret)"/.test(text);
  const credentials = credentialsOf('credential', bare ? `{"credentials":[${text}]}` : text);
  const [first, ...others] = credentials;
  if (first === undefined || others.length > 0)
    throw new FlagError(`--credential has ${credentials.size} principals; expected one, the agent's own`);
  return { principal: first[0], secret: first[1] };
}
