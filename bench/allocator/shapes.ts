import { assert, milli, MILLI_PER_UNIT } from '../../engine/core/index.ts';
import {
  Quantities,
  type Reservation,
  type ResourceLabels,
  ResourceLimits,
  Resources,
  rangesResource,
  resourceIdentity,
  scalarResource,
} from '../../engine/resources/index.ts';

/** The ports in use on most agents: fifteen single ones and a range. */
export const FRAGMENTED_PORTS = [
  ...Array.from({ length: 15 }, (_, index) => ({ begin: 31_000 + 2 * index, end: 31_000 + 2 * index })),
  { begin: 31_030, end: 32_000 },
];
const ALL_PORTS = [{ begin: 31_000, end: 32_000 }];

/** Whole units of scalars, and ports. */
export interface Amounts {
  readonly cpus?: number;
  readonly mem?: number;
  readonly disk?: number;
  readonly ports?: 'all' | 'fragmented' | readonly { readonly begin: number; readonly end: number }[];
}

/** Made anew at each call, as every agent's own message brings them. */
export function amounts(given: Amounts, reservation: Reservation | null = null): Resources {
  const reservations = reservation === null ? [] : [reservation];
  const entries = (['cpus', 'mem', 'disk'] as const).map((name) =>
    scalarResource(resourceIdentity({ name, reservations }), thousandths(given[name] ?? 0)),
  );
  const { ports } = given;
  if (ports !== undefined) {
    const identity = resourceIdentity({ name: 'ports', type: 'RANGES', reservations });
    const ranges = ports === 'all' ? ALL_PORTS : ports === 'fragmented' ? FRAGMENTED_PORTS : ports;
    entries.push(rangesResource(identity, ranges));
  }
  return Resources.of(entries);
}

export function statically(role: string): Reservation {
  return { type: 'STATIC', role, principal: null, labels: null };
}

export function dynamically(role: string, labels: ResourceLabels): Reservation {
  return { type: 'DYNAMIC', role, principal: 'principal1', labels };
}

/** A persistent volume of `mem` MB in a static reservation. */
export function volume(role: string, id: string, megabytes: number, isShared: boolean): Resources {
  const identity = resourceIdentity({
    name: 'disk',
    reservations: [statically(role)],
    disk: {
      source: null,
      persistence: { id, principal: null },
      volume: { containerPath: id, mode: 'RW' },
    },
    shared: isShared,
  });
  return Resources.of([scalarResource(identity, thousandths(megabytes))]);
}

export function revocableCpus(cpus: number): Resources {
  return Resources.of([
    scalarResource(resourceIdentity({ name: 'cpus', revocable: true }), thousandths(cpus)),
  ]);
}

/** `cpus:1;mem:512`. */
export function quantities(text: string): Quantities {
  const parsed = Quantities.parse(text);
  assert(parsed.ok, 'a benchmark states valid quantities');
  return parsed.value;
}

export function limits(text: string): ResourceLimits {
  const parsed = ResourceLimits.parse(text);
  assert(parsed.ok, 'a benchmark states valid limits');
  return parsed.value;
}

function thousandths(units: number): ReturnType<typeof milli> {
  return milli(Math.round(units * MILLI_PER_UNIT));
}
