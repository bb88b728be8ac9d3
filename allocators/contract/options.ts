import { micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { AllocatorOptions } from '../../engine/master/index.ts';
import { Quantities } from '../../engine/resources/index.ts';
import { type Decoder, flag, list, MalformedInput, name, number, orElse, shape } from './decode.ts';
import { domain, milliseconds, quantities } from './notation.ts';

const DEFAULT_MINIMUM = [Quantities.parse('cpus:0.01'), Quantities.parse('mem:32')].flatMap((parsed) =>
  parsed.ok ? [parsed.value] : [],
);

const fraction: Decoder<number> = (value, path) => {
  const given = number(value, path);
  if (given < 0 || given > 1) throw new MalformedInput(path, `expected a number from 0 to 1, found ${given}`);
  return given;
};

const fields = shape({
  allocationIntervalMs: orElse(milliseconds(1), micros(MICROS_PER_SECOND)),
  minAllocatable: orElse(list(quantities), DEFAULT_MINIMUM),
  fairnessExclude: orElse(list(name), []),
  filterGpuResources: orElse(flag, true),
  domain: orElse(domain, null),
  recoveryTimeoutMs: orElse(milliseconds(0), micros(600 * MICROS_PER_SECOND)),
  agentRecoveryFactor: orElse(fraction, 0.8),
});

/** The `options` of a scenario with the defaults of conformance README §5. */
export function scenarioOptions(options: unknown, seed: number): AllocatorOptions {
  const read = fields(options, 'options');
  return {
    allocationInterval: read.allocationIntervalMs,
    // Scenarios pin down what Mesos does, and when.
    timing: 'mesos',
    eventDelay: micros(5_000),
    declinerGuard: false,
    minAllocatable: read.minAllocatable,
    fairnessExclude: read.fairnessExclude,
    filterGpuResources: read.filterGpuResources,
    domain: read.domain,
    recoveryTimeout: read.recoveryTimeoutMs,
    agentRecoveryFactor: read.agentRecoveryFactor,
    roleSorter: 'drf',
    frameworkSorter: 'drf',
    seed,
  };
}
