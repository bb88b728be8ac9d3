import { assertNever } from '../core/index.ts';
import type { AuthorizationAction, AuthorizationRequest, ResourceOfferOperation } from '../protocol/index.ts';
import { DEFAULT_ROLE, type Resource, type Resources, reservationRole } from '../resources/index.ts';
import { commonPrefix, uniformStack } from './operation-validation.ts';

/** What an operation on resources needs leave for, one request per entry of them (spec 14 §2). */
export function operationAuthorizations(operation: ResourceOfferOperation): readonly AuthorizationRequest[] {
  switch (operation.type) {
    case 'RESERVE':
      return operation.source.isEmpty
        ? each('reserve_resources', operation.resources, roleOf)
        : changedReservations(operation.source, operation.resources);
    case 'UNRESERVE':
      return each('unreserve_resources', operation.resources, reserverOf);
    case 'CREATE':
      return each('create_volumes', operation.volumes, roleOf);
    case 'DESTROY':
      return each('destroy_volumes', operation.volumes, creatorOf);
    case 'GROW_VOLUME':
    case 'SHRINK_VOLUME':
      return each('resize_volumes', operation.volume, roleOf);
    case 'CREATE_DISK':
      return each(
        operation.targetType === 'MOUNT' ? 'create_mount_disks' : 'create_block_disks',
        operation.source,
        roleOf,
      );
    case 'DESTROY_DISK':
      return operation.source.entries.map((entry) => ({
        action: destroyAction(entry),
        object: roleOf(entry),
      }));
    default:
      return assertNever(operation);
  }
}

/**
 * Changing reservations takes off what `source` has above the part of the stacks that both share, and puts on what `resources` has above it
 * (spec 09 §2). Stacks that are not uniform are refused by the validation; until then each entry is asked about by its top.
 */
function changedReservations(source: Resources, resources: Resources): readonly AuthorizationRequest[] {
  const from = uniformStack(source);
  const to = uniformStack(resources);
  if (from === null || to === null) {
    return [
      ...each('unreserve_resources', source, reserverOf),
      ...each('reserve_resources', resources, roleOf),
    ];
  }
  const shared = commonPrefix(from, to);
  if (shared === from.length && shared === to.length) return each('reserve_resources', resources, roleOf);
  return [
    ...from
      .slice(shared)
      .map(({ principal }) => ({ action: 'unreserve_resources' as const, object: principal })),
    ...to.slice(shared).map(({ role }) => ({ action: 'reserve_resources' as const, object: role })),
  ];
}

function each(
  action: AuthorizationAction,
  resources: Resources,
  objectOf: (entry: Resource) => string | null,
): readonly AuthorizationRequest[] {
  return resources.entries.map((entry) => ({ action, object: objectOf(entry) }));
}

function roleOf({ identity }: Resource): string {
  return reservationRole(identity) ?? DEFAULT_ROLE;
}

/** Principal of the reservation on top. */
function reserverOf({ identity }: Resource): string | null {
  return identity.reservations[identity.reservations.length - 1]?.principal ?? null;
}

function creatorOf({ identity }: Resource): string | null {
  return identity.disk?.persistence?.principal ?? null;
}

function destroyAction({ identity }: Resource): AuthorizationAction {
  switch (identity.disk?.source?.type) {
    case 'MOUNT':
      return 'destroy_mount_disks';
    case 'BLOCK':
      return 'destroy_block_disks';
    default:
      return 'destroy_raw_disks';
  }
}
