import { assertNever } from '../core/index.ts';
import type { AuthorizationAction, AuthorizationRequest, ResourceOfferOperation } from '../protocol/index.ts';
import { DEFAULT_ROLE, type Resource, type Resources, reservationRole } from '../resources/index.ts';

/** What an operation on resources needs leave for, one request per entry of them (spec 14 §2). */
export function operationAuthorizations(operation: ResourceOfferOperation): readonly AuthorizationRequest[] {
  switch (operation.type) {
    case 'RESERVE':
      return [
        ...each('unreserve_resources', operation.source, reserverOf),
        ...each('reserve_resources', operation.resources, roleOf),
      ];
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
