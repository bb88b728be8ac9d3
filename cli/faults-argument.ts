import {
  DEFAULT_FAULT_OPTIONS,
  type FaultKind,
  type FaultOptions,
  REPLAY_FAULT_KINDS,
  scaledFaults,
} from '../drivers/sim/index.ts';
import { parseNumber, parsePairs } from './quantity-arguments.ts';
import { UsageError } from './usage-error.ts';

/** Faults of a kind per hour. */
const RATE_MAX = 100_000;

const FACTORS: Readonly<Record<string, number>> = { light: 0.2, on: 1, heavy: 5 };

/**
 * `off`, `light`, `on`, `heavy`, or rates per hour by kind: `agentCrash=2,masterCrash=0.5` (kinds not named: none). Throws UsageError.
 */
export function parseFaults(text: string): FaultOptions | null {
  if (text === 'off') return null;
  const factor = FACTORS[text];
  if (factor !== undefined) return scaledFaults(DEFAULT_FAULT_OPTIONS, factor);
  if (!text.includes('=')) {
    throw new UsageError(
      `--faults ${text}: expected off, light, on, heavy, or rates per hour such as agentCrash=2,masterCrash=0.5`,
    );
  }
  const perHour: Record<FaultKind, number> = { ...scaledFaults(DEFAULT_FAULT_OPTIONS, 0).perHour };
  for (const [kind, rate] of parsePairs('--faults', [text])) {
    const known = REPLAY_FAULT_KINDS.find((one) => one === kind);
    if (known === undefined)
      throw new UsageError(`--faults: no kind "${kind}"; there are ${REPLAY_FAULT_KINDS.join(', ')}`);
    perHour[known] = parseNumber(`--faults ${kind}=${rate}`, rate, 0, RATE_MAX);
  }
  return { ...DEFAULT_FAULT_OPTIONS, perHour };
}
