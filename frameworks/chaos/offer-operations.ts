import { milli, type Rng } from '../../engine/core/index.ts';
import type { OfferOperation } from '../../engine/protocol/index.ts';
import {
  DISK,
  type Reservation,
  type Resource,
  resourceIdentity,
  Resources,
  scalarResource,
} from '../../engine/resources/index.ts';

/** What an operation takes out of the offer and what it puts there. */
export interface DrawnOperation {
  readonly operation: OfferOperation;
  readonly consumed: Resources;
  readonly produced: Resources;
}

/** A reservation or volume operation that `offered` allows; null if the draw finds none. `newId` names volumes and operations. */
export function operationOn(
  offered: Resources,
  role: string,
  principal: string | null,
  rng: Rng,
  newId: () => number,
): DrawnOperation | null {
  const id = rng.below(3) === 0 ? null : `op-${newId()}`;
  switch (rng.below(6)) {
    case 0:
      return reserve(offered, role, principal, rng, id);
    case 1:
      return unreserve(offered, rng, id);
    case 2:
      return create(offered, principal, rng, id, newId);
    case 3:
      return destroy(offered, rng, id);
    case 4:
      return grow(offered, rng, id);
    default:
      return shrink(offered, rng, id);
  }
}

function reserve(
  offered: Resources,
  role: string,
  principal: string | null,
  rng: Rng,
  id: string | null,
): DrawnOperation | null {
  if (role === '*') return null;
  const free = offered.unreserved().nonRevocable();
  const cpus = Math.min(free.cpus, 100 + rng.below(2_000));
  const disk = Math.min(free.disk, rng.below(2) * 64_000);
  const consumed = Resources.ofScalars({
    cpus: milli(cpus),
    mem: milli(Math.min(free.mem, 64_000)),
    disk: milli(disk),
  });
  if (consumed.isEmpty) return null;
  const reservation: Reservation = { type: 'DYNAMIC', role, principal, labels: null };
  const produced = consumed.pushReservation(reservation);
  return {
    operation: { type: 'RESERVE', id, source: Resources.EMPTY, resources: produced },
    consumed,
    produced,
  };
}

function unreserve(offered: Resources, rng: Rng, id: string | null): DrawnOperation | null {
  const reserved = offered.filter(
    ({ identity }) =>
      identity.reservations.at(-1)?.type === 'DYNAMIC' && identity.disk === null && !identity.shared,
  );
  if (reserved.isEmpty) return null;
  const entry = reserved.entries[rng.below(reserved.entries.length)]!;
  const consumed = Resources.of([entry]);
  return {
    operation: { type: 'UNRESERVE', id, resources: consumed },
    consumed,
    produced: consumed.popReservation(),
  };
}

function create(
  offered: Resources,
  principal: string | null,
  rng: Rng,
  id: string | null,
  newId: () => number,
): DrawnOperation | null {
  const disks = offered.filter(
    ({ identity }) =>
      identity.name === DISK.name && identity.reservations.length > 0 && identity.disk === null,
  );
  if (disks.isEmpty) return null;
  const source = disks.entries[rng.below(disks.entries.length)]!;
  const amount = milli(1_000 + rng.below(Math.max(1, source.scalar - 1_000)));
  if (amount > source.scalar) return null;
  const identity = resourceIdentity({
    ...source.identity,
    disk: {
      source: null,
      persistence: { id: `volume-${newId()}`, principal },
      volume: { containerPath: 'data', mode: 'RW' },
    },
  });
  const produced = Resources.of([scalarResource(identity, amount)]);
  return {
    operation: { type: 'CREATE', id, volumes: produced },
    consumed: Resources.of([scalarResource(source.identity, amount)]),
    produced,
  };
}

function volumeOf(offered: Resources, rng: Rng): Resource | null {
  const volumes = offered.persistentVolumes().entries;
  return volumes.length === 0 ? null : volumes[rng.below(volumes.length)]!;
}

function plainDisk(volume: Resource, amount: number): Resources {
  const { reservations, providerId } = volume.identity;
  return Resources.of([
    scalarResource(resourceIdentity({ name: DISK.name, reservations, providerId }), milli(amount)),
  ]);
}

function destroy(offered: Resources, rng: Rng, id: string | null): DrawnOperation | null {
  const volume = volumeOf(offered, rng);
  if (volume === null) return null;
  const consumed = Resources.of([volume]);
  return {
    operation: { type: 'DESTROY', id, volumes: consumed },
    consumed,
    produced: plainDisk(volume, volume.scalar),
  };
}

function grow(offered: Resources, rng: Rng, id: string | null): DrawnOperation | null {
  const volume = volumeOf(offered, rng);
  if (volume === null) return null;
  const addition = plainDisk(volume, 500);
  if (!offered.contains(addition)) return null;
  const consumed = Resources.of([volume]).plus(addition);
  // Its result is not usable by later operations of the same call (spec 03 §5).
  return {
    operation: { type: 'GROW_VOLUME', id, volume: Resources.of([volume]), addition },
    consumed,
    produced: Resources.EMPTY,
  };
}

function shrink(offered: Resources, rng: Rng, id: string | null): DrawnOperation | null {
  const volume = volumeOf(offered, rng);
  if (volume === null || volume.scalar <= 600) return null;
  return {
    operation: { type: 'SHRINK_VOLUME', id, volume: Resources.of([volume]), subtract: milli(500) },
    consumed: Resources.of([volume]),
    produced: Resources.EMPTY,
  };
}
