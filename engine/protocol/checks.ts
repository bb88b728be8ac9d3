import type { Micros } from '../core/index.ts';
import type { CommandInfo } from './container.ts';

/** `HealthCheck` (spec 07 §7); durations as given or by default, negatives are refused at validation. */
export interface HealthCheck {
  readonly type: 'COMMAND' | 'HTTP' | 'TCP';
  readonly command: CommandInfo | null;
  readonly http: {
    readonly protocol: 'IPv4' | 'IPv6';
    readonly scheme: string;
    readonly port: number;
    readonly path: string;
  } | null;
  readonly tcp: { readonly protocol: 'IPv4' | 'IPv6'; readonly port: number } | null;
  readonly delay: Micros;
  readonly interval: Micros;
  readonly timeout: Micros;
  readonly consecutiveFailures: number;
  readonly gracePeriod: Micros;
}

/** `CheckInfo`: a check that only reports (spec 07 §7). */
export interface CheckInfo {
  readonly type: 'COMMAND' | 'HTTP' | 'TCP';
  readonly command: CommandInfo | null;
  readonly http: { readonly port: number; readonly path: string | null } | null;
  readonly tcp: { readonly port: number } | null;
  readonly delay: Micros;
  readonly interval: Micros;
  readonly timeout: Micros;
}

/** `CheckStatusInfo`: a null result means none yet, or a timeout. */
export type CheckStatus =
  | { readonly type: 'COMMAND'; readonly exitCode: number | null }
  | { readonly type: 'HTTP'; readonly statusCode: number | null }
  | { readonly type: 'TCP'; readonly succeeded: boolean | null };
