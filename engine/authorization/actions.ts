import type { AuthorizationAction } from '../protocol/index.ts';

/** What the objects of each action are, by the key that names them in ACLs (spec 14 §2). */
export const OBJECT_KEY: { readonly [Action in AuthorizationAction]: string } = {
  register_frameworks: 'roles',
  register_agents: 'agents',
  run_tasks: 'users',
  teardown_frameworks: 'framework_principals',
  reserve_resources: 'roles',
  unreserve_resources: 'reserver_principals',
  create_volumes: 'roles',
  resize_volumes: 'roles',
  destroy_volumes: 'creator_principals',
  get_quotas: 'roles',
  update_quotas: 'roles',
  update_weights: 'roles',
  view_roles: 'roles',
  view_frameworks: 'users',
  view_tasks: 'users',
  view_executors: 'users',
  get_maintenance_schedules: 'machines',
  update_maintenance_schedules: 'machines',
  start_maintenances: 'machines',
  stop_maintenances: 'machines',
  get_maintenance_statuses: 'machines',
  drain_agents: 'agents',
  deactivate_agents: 'agents',
  reactivate_agents: 'agents',
  mark_agents_gone: 'agents',
  create_block_disks: 'roles',
  destroy_block_disks: 'roles',
  create_mount_disks: 'roles',
  destroy_mount_disks: 'roles',
  destroy_raw_disks: 'roles',
  get_endpoints: 'paths',
  access_mesos_logs: 'logs',
  view_flags: 'flags',
  set_log_level: 'level',
  access_sandboxes: 'users',
  view_containers: 'users',
  launch_nested_containers_as_user: 'users',
  launch_nested_containers_under_parent_with_user: 'users',
  launch_nested_container_sessions_as_user: 'users',
  launch_nested_container_sessions_under_parent_with_user: 'users',
  attach_containers_input: 'users',
  attach_containers_output: 'users',
  kill_nested_containers: 'users',
  wait_nested_containers: 'users',
  remove_nested_containers: 'users',
  launch_standalone_containers: 'users',
  kill_standalone_containers: 'users',
  wait_standalone_containers: 'users',
  remove_standalone_containers: 'users',
  view_standalone_containers: 'users',
  prune_images: 'images',
  modify_resource_provider_configs: 'resource_providers',
  mark_resource_providers_gone: 'resource_providers',
  view_resource_providers: 'resource_providers',
};

const NAMES: ReadonlySet<string> = new Set(Object.keys(OBJECT_KEY));

export function isAuthorizationAction(name: string): name is AuthorizationAction {
  return NAMES.has(name);
}

/** Objects that cannot be told apart: an ACL can only say ANY or NONE of them. */
const WITHOUT_VALUES: ReadonlySet<string> = new Set([
  'machines',
  'agents',
  'logs',
  'flags',
  'level',
  'images',
  'resource_providers',
]);

export function hasObjectValues(action: AuthorizationAction): boolean {
  return !WITHOUT_VALUES.has(OBJECT_KEY[action]);
}
