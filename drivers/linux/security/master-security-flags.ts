import type { MasterOptions, RateLimits } from '../../../engine/master/index.ts';
import { readJson } from '../codec/message/read-json.ts';
import { WireError } from '../codec/message/wire-error.ts';
import { count, own } from '../codec/parts/presence.ts';
import { FlagError, type FlagTable, type FlagValues } from '../flags/parse-flags.ts';
import { RateLimitsSchema, type RateLimitValid } from '../proto/generated/mesos/v1/mesos_pb.ts';
import { Authentication, type Realm } from './authentication.ts';
import { parseCredentials } from './credentials.ts';
import { aclsOf } from './permissions.ts';

/** The master's flags about who may do what (spec 14, 17). */
export const MASTER_SECURITY_FLAGS = {
  credentials: { kind: 'file', default: null, secret: true, help: 'Path to principals and secrets.' },
  authenticate_frameworks: {
    kind: 'boolean',
    default: 'false',
    help: 'As --authenticate_http_frameworks: there is no other channel.',
    aliases: ['authenticate'],
  },
  authenticate_http_frameworks: {
    kind: 'boolean',
    default: 'false',
    help: 'Schedulers must prove who they are.',
  },
  authenticate_agents: {
    kind: 'boolean',
    default: 'false',
    help: 'Agents must prove who they are.',
    aliases: ['authenticate_slaves'],
  },
  authenticate_http_readonly: {
    kind: 'boolean',
    default: 'false',
    help: 'Who reads must prove who it is.',
  },
  authenticate_http_readwrite: {
    kind: 'boolean',
    default: 'false',
    help: 'Who changes something must prove who it is.',
    aliases: ['authenticate_http'],
  },
  acls: { kind: 'json', default: null, help: 'Access control lists, or file:///path to them.' },
  rate_limits: { kind: 'json', default: null, help: 'Rates of principals, or file:///path to them.' },
} as const satisfies FlagTable;

type Values = FlagValues<typeof MASTER_SECURITY_FLAGS>;

export interface MasterSecurity {
  readonly authentication: Authentication;
  readonly acls: MasterOptions['acls'];
  readonly rateLimits: RateLimits | null;
}

/** Throws FlagError. */
export function masterSecurityOf(flags: Values): MasterSecurity {
  return {
    authentication: authenticationOf(flags),
    acls: aclsOf(flags.acls),
    rateLimits: rateLimitsOf(flags.rate_limits),
  };
}

function authenticationOf(flags: Values): Authentication {
  const realms = new Set<Realm>();
  if (flags.authenticate_frameworks || flags.authenticate_http_frameworks)
    realms.add('mesos-master-scheduler');
  if (flags.authenticate_agents) realms.add('orrery-master-agent');
  if (flags.authenticate_http_readonly) realms.add('mesos-master-readonly');
  if (flags.authenticate_http_readwrite) realms.add('mesos-master-readwrite');
  if (flags.credentials === null) {
    if (realms.size === 0) return Authentication.NONE;
    throw new FlagError('--credentials is not given, and somebody must prove who it is: nobody could');
  }
  try {
    return new Authentication(parseCredentials(flags.credentials), realms);
  } catch (error) {
    throw new FlagError(`--credentials: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function rateLimitsOf(json: unknown): RateLimits | null {
  if (json === null) return null;
  try {
    const message = readJson(RateLimitsSchema, json);
    const qps = own(message, 'aggregateDefaultQps');
    const capacity = own(message, 'aggregateDefaultCapacity');
    return {
      limits: message.limits.map((limit, index) => ({
        principal: limit.principal,
        rate: rateOf(limit, `limits[${index}]`),
      })),
      aggregateDefault:
        qps === null
          ? null
          : {
              milliQps: milliQps(qps, 'aggregate_default_qps'),
              capacity: capacity === null ? null : capacityOf(capacity, 'aggregate_default_capacity'),
            },
    };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new FlagError(`--rate_limits: ${error.message}`, { cause: error });
  }
}

/** Without `qps` a listed principal is not limited, whatever its `capacity` (spec 14 §4). */
function rateOf(limit: RateLimitValid, path: string) {
  const qps = own(limit, 'qps');
  if (qps === null) return null;
  const capacity = own(limit, 'capacity');
  return {
    milliQps: milliQps(qps, `${path}.qps`),
    capacity: capacity === null ? null : capacityOf(capacity, `${path}.capacity`),
  };
}

function milliQps(qps: number, path: string): number {
  const milli = Math.round(qps * 1_000);
  if (milli >= 1 && Number.isSafeInteger(milli)) return milli;
  throw new WireError(path, `expected a rate of 0.001 or more, got ${qps}`);
}

function capacityOf(value: bigint, path: string): number {
  const capacity = count(value, path);
  if (capacity >= 1) return capacity;
  throw new WireError(path, `expected a capacity of 1 or more, got ${capacity}`);
}
