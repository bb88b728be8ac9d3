/** Actions that an authorizer is asked about (spec 14 §2), named as in ACLs. */
export type AuthorizationAction =
  | 'register_frameworks'
  | 'register_agents'
  | 'run_tasks'
  | 'teardown_frameworks'
  | 'reserve_resources'
  | 'unreserve_resources'
  | 'create_volumes'
  | 'resize_volumes'
  | 'destroy_volumes'
  | 'get_quotas'
  | 'update_quotas'
  | 'update_weights'
  | 'view_roles'
  | 'view_frameworks'
  | 'view_tasks'
  | 'view_executors'
  | 'get_maintenance_schedules'
  | 'update_maintenance_schedules'
  | 'start_maintenances'
  | 'stop_maintenances'
  | 'get_maintenance_statuses'
  | 'drain_agents'
  | 'deactivate_agents'
  | 'reactivate_agents'
  | 'mark_agents_gone'
  | 'create_block_disks'
  | 'destroy_block_disks'
  | 'create_mount_disks'
  | 'destroy_mount_disks'
  | 'destroy_raw_disks';

/**
 * One question: may the principal do `action` to `object`? The object is what the ACL's object key names: a role, a user, a principal;
 * null where the object can only be ANY or NONE, or is not known.
 */
export interface AuthorizationRequest {
  readonly action: AuthorizationAction;
  readonly object: string | null;
}
