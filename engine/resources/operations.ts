import { assertNever, err, type Milli, milli, ok, type Result } from '../core/index.ts';
import { EXCLUSIVE, NON_SCALAR, OF_PROVIDER, PERSISTENT, SHARED, withoutVolume } from './identity.ts';
import { type Resource, scalarResource, withCount, withIdentity } from './resource.ts';
import type { ResizeFault, ResourceError } from './resource-error.ts';
import { Resources } from './resources.ts';
import { resourceText } from './resources-text.ts';

/** Changes to what an agent holds (spec 02 §9). What asks for it, who may, is checked before. */
export type ResourceOperation =
  /** `resources` in their resulting form. An empty `source` means: the same with the last reservation popped. */
  | { readonly type: 'RESERVE'; readonly source: Resources; readonly resources: Resources }
  | { readonly type: 'UNRESERVE'; readonly resources: Resources }
  | { readonly type: 'CREATE'; readonly volumes: Resources }
  | { readonly type: 'DESTROY'; readonly volumes: Resources }
  | { readonly type: 'GROW_VOLUME'; readonly volume: Resources; readonly addition: Resources }
  /** `subtract` in thousandths of a MiB. */
  | { readonly type: 'SHRINK_VOLUME'; readonly volume: Resources; readonly subtract: Milli }
  | { readonly type: 'REMOVE'; readonly resources: Resources };

/** What an operation takes and what it gives instead. */
export interface Conversion {
  readonly consumed: Resources;
  readonly produced: Resources;
}

/** What `held` becomes when all of `operations` are done in order. If one cannot be done none is. */
export function applyOperations(
  held: Resources,
  operations: readonly ResourceOperation[],
): Result<Resources, ResourceError> {
  let result = held;
  for (const operation of operations) {
    const applied = applyOperation(result, operation);
    if (!applied.ok) return applied;
    result = applied.value;
  }
  return ok(result);
}

/** What `operation` takes and gives (spec 02 §9), whoever holds it. */
export function conversionOf(operation: ResourceOperation): Result<Conversion, ResourceError> {
  switch (operation.type) {
    case 'RESERVE': {
      const { source, resources } = operation;
      if (!source.isEmpty) return ok({ consumed: source, produced: resources });
      const popped = pop('RESERVE', resources);
      return popped.ok ? ok({ consumed: popped.value, produced: resources }) : popped;
    }
    case 'UNRESERVE': {
      const popped = pop('UNRESERVE', operation.resources);
      return popped.ok ? ok({ consumed: operation.resources, produced: popped.value }) : popped;
    }
    case 'CREATE': {
      const stripped = strip('CREATE', operation.volumes);
      return stripped.ok ? ok({ consumed: stripped.value, produced: operation.volumes }) : stripped;
    }
    case 'DESTROY': {
      const stripped = strip('DESTROY', operation.volumes);
      return stripped.ok ? ok({ consumed: operation.volumes, produced: stripped.value }) : stripped;
    }
    case 'GROW_VOLUME':
      return growth(operation.volume, operation.addition);
    case 'SHRINK_VOLUME':
      return shrinkage(operation.volume, operation.subtract);
    case 'REMOVE':
      return ok({ consumed: operation.resources, produced: Resources.EMPTY });
    default:
      return assertNever(operation);
  }
}

function applyOperation(held: Resources, operation: ResourceOperation): Result<Resources, ResourceError> {
  const conversion = conversionOf(operation);
  if (!conversion.ok) return conversion;
  const { consumed, produced } = conversion.value;
  if (!held.contains(consumed)) {
    return err({
      code: 'NOT_CONTAINED',
      operation: operation.type,
      needed: consumed.toString(),
      held: held.toString(),
    });
  }
  const rest = held.minus(consumed);
  if (operation.type === 'DESTROY') {
    for (const volume of operation.volumes.entries) {
      if (rest.contains(Resources.of([withCount(volume, 1)]))) {
        return err({ code: 'VOLUME_STILL_SHARED', volume: resourceText(withCount(volume, 1)) });
      }
    }
  }
  return ok(rest.plus(produced));
}

function pop(operation: string, resources: Resources): Result<Resources, ResourceError> {
  const unreserved = resources.unreserved();
  if (!unreserved.isEmpty) return err({ code: 'NOT_RESERVED', operation, resource: unreserved.toString() });
  return ok(resources.popReservation());
}

/** The disk that volumes are made of. Copies of one shared volume are one disk. */
function strip(operation: string, volumes: Resources): Result<Resources, ResourceError> {
  const disks: Resource[] = [];
  for (const volume of volumes.entries) {
    if ((volume.identity.traits & PERSISTENT) === 0) {
      return err({ code: 'NOT_A_VOLUME', operation, resource: resourceText(volume) });
    }
    disks.push(withIdentity(withCount(volume, 1), withoutVolume(volume.identity)));
  }
  return ok(Resources.of(disks));
}

function growth(volumes: Resources, additions: Resources): Result<Conversion, ResourceError> {
  const fault = resizeFault(volumes);
  if (fault !== null) return resizeError(volumes, fault);
  const volume = volumes.entries[0]!;
  const addition = additions.entries[0];
  if (addition === undefined) return resizeError(volumes, 'AMOUNT');
  if (additions.entries.length > 1 || addition.identity.key !== withoutVolume(volume.identity).key) {
    return resizeError(volumes, 'ADDITION_DIFFERS');
  }
  const grown = scalarResource(volume.identity, milli(volume.scalar + addition.scalar));
  return ok({ consumed: volumes.plus(additions), produced: Resources.of([grown]) });
}

function shrinkage(volumes: Resources, subtract: Milli): Result<Conversion, ResourceError> {
  const fault = resizeFault(volumes);
  if (fault !== null) return resizeError(volumes, fault);
  const volume = volumes.entries[0]!;
  if (!(subtract > 0 && subtract < volume.scalar)) return resizeError(volumes, 'AMOUNT');
  const shrunk = scalarResource(volume.identity, milli(volume.scalar - subtract));
  const freed = scalarResource(withoutVolume(volume.identity), subtract);
  return ok({ consumed: volumes, produced: Resources.of([shrunk, freed]) });
}

/** Why what is given is no volume whose size can change (spec 09 §3). */
function resizeFault(volumes: Resources): ResizeFault | null {
  const volume = volumes.entries[0];
  if (volume === undefined || volumes.entries.length !== 1) return 'NOT_ONE_VOLUME';
  const { traits } = volume.identity;
  if ((traits & PERSISTENT) === 0 || (traits & NON_SCALAR) !== 0) return 'NOT_ONE_VOLUME';
  if ((traits & SHARED) !== 0) return 'SHARED';
  if ((traits & OF_PROVIDER) !== 0) return 'PROVIDER';
  return (withoutVolume(volume.identity).traits & EXCLUSIVE) !== 0 ? 'INDIVISIBLE' : null;
}

function resizeError(volumes: Resources, reason: ResizeFault): Result<never, ResourceError> {
  return err({ code: 'RESIZE_INVALID', volume: volumes.toString(), reason });
}
