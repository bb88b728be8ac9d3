import { milli, type Rng } from '../../engine/core/index.ts';
import { CPUS, MEM, type Resource, Resources, scalarResource } from '../../engine/resources/index.ts';

/** A part of a scalar: often all or little of it, in thousandths that divide nothing evenly. */
function partOf(resource: Resource, rng: Rng): Resource {
  const { scalar } = resource;
  const whole = Math.floor(scalar / 1_000);
  const draw = rng.below(4);
  if (draw === 0 || scalar < 200) return resource;
  if (resource.identity.name === 'gpus')
    return scalarResource(resource.identity, milli(1_000 * (1 + rng.below(Math.max(1, whole)))));
  if (draw === 1)
    return scalarResource(resource.identity, milli(100 + rng.below(Math.min(scalar - 99, 2_000))));
  return scalarResource(
    resource.identity,
    milli(1 + rng.below(Math.max(1, Math.floor(scalar / (2 + rng.below(6)))))),
  );
}

/** Whether an amount may be divided: volumes and whole disks may not. */
function isDivisible({ identity, ranges, items }: Resource): boolean {
  return identity.disk === null && !identity.shared && ranges === null && items === null;
}

/**
 * Resources for one task out of `offered`, of one reservation and either revocable or not, as validation wants it (spec 03 §6 rule 8); odd
 * shapes included: cpus alone, memory alone, a volume alone. Empty if nothing suits.
 */
export function portionOf(offered: Resources, rng: Rng): Resources {
  const { entries } = offered;
  if (entries.length === 0) return Resources.EMPTY;
  const pick = entries[rng.below(entries.length)]!;
  const kin = entries.filter(
    (entry) =>
      entry.identity.revocable === pick.identity.revocable && reservationKey(entry) === reservationKey(pick),
  );
  const names = new Set<string>();
  const taken: Resource[] = [];
  const shape = rng.below(8);
  for (const entry of kin) {
    const { name } = entry.identity;
    if (names.has(name)) continue;
    if (shape === 0 && name !== 'cpus') continue;
    if (shape === 1 && name !== 'mem') continue;
    if (name !== 'cpus' && name !== 'mem' && rng.below(3) !== 0) continue;
    names.add(name);
    taken.push(isDivisible(entry) ? partOf(entry, rng) : entry);
  }
  return Resources.of(taken);
}

function reservationKey({ identity }: Resource): string {
  return identity.reservations.map((one) => `${one.role}/${one.type}`).join();
}

/** A little of everything unreserved, for an executor; empty if `offered` has too little. */
export function executorPortion(offered: Resources): Resources {
  const part = Resources.ofScalars({ cpus: milli(100), mem: milli(32_000), disk: milli(10_000) });
  return offered.contains(part) ? part : Resources.EMPTY;
}

/** More than there is: refused by validation. */
export function tooMuch(offered: Resources): Resources {
  return Resources.of([
    scalarResource(CPUS, milli(offered.cpus + 1_000)),
    scalarResource(MEM, milli(offered.mem + 1_000)),
  ]);
}
